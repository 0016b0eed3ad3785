//! The master key file: a line `<version> <64 hex digits>` per key; `#` begins a comment. To rotate, add a line with a
//! higher version; the older ones stay until nothing is wrapped by them.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use super::{Secret, random_secret};
use crate::error::{Error, Result};

const HEADER: &str = "# Syncline's master keys. Whoever has this file and the database can read every credential:\n\
    # back it up, apart from the database. Without it no credential can be opened again.\n";

/// Reads the file's keys, oldest first; makes a file with one key when there is none.
pub(super) fn read_or_make(path: &Path) -> Result<Vec<(i32, Secret)>> {
    match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => make(path)?,
        Err(error) => return Err(failed("cannot be opened", path, &error.to_string())),
        Ok(_) => {}
    }
    refuse_readable_by_others(path)?;
    let text = fs::read_to_string(path).map_err(|error| failed("cannot be read", path, &error.to_string()))?;
    parse(&Zeroizing::new(text)).ok_or_else(|| failed("is not a master key file", path, "expected `<version> <hex>`"))
}

/// Written beside its place and linked into it, so that of two processes that start at once both use the same key.
fn make(path: &Path) -> Result<()> {
    let secret = random_secret()?;
    let hex: Zeroizing<String> = Zeroizing::new(secret.iter().map(|byte| format!("{byte:02x}")).collect());
    let text = Zeroizing::new(format!("{HEADER}1 {}\n", hex.as_str()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| failed("cannot be made", path, &error.to_string()))?;
    }
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let written = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft).ok();
    match written {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(failed("cannot be made", path, &error.to_string()))
        }
        _ => Ok(()),
    }
}

fn refuse_readable_by_others(path: &Path) -> Result<()> {
    let mode = fs::metadata(path).map_err(|error| failed("cannot be read", path, &error.to_string()))?.mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(failed("can be used by others", path, "run `chmod 600` on it"))
}

fn parse(text: &str) -> Option<Vec<(i32, Secret)>> {
    let mut keys = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (version, hex) = line.split_once(' ')?;
        keys.push((version.parse().ok()?, unhex(hex.trim())?));
    }
    keys.sort_by_key(|(version, _)| *version);
    let distinct = keys.windows(2).all(|pair| pair[0].0 != pair[1].0);
    (distinct && !keys.is_empty()).then_some(keys)
}

fn unhex(hex: &str) -> Option<Secret> {
    let mut secret = Secret::default();
    if hex.len() != 2 * secret.len() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in secret.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(secret)
}

fn failed(what: &str, path: &Path, why: &str) -> Error {
    Error::Internal(format!("The master key file {} {what}: {why}.", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    fn place(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("syncline-keys-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder.join("master.key")
    }

    #[test]
    fn the_file_is_made_once_and_for_its_owner_only() {
        let path = place("made");
        let first = read_or_make(&path).unwrap();
        let second = read_or_make(&path).unwrap();
        assert_eq!(first, second);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read_or_make(&path).is_err());
    }

    #[test]
    fn the_highest_version_is_the_newest() {
        let (one, two) = ("11".repeat(32), "22".repeat(32));
        let keys = parse(&format!("# both\n2 {two}\n1 {one}\n")).unwrap();
        assert_eq!(keys.iter().map(|(version, _)| *version).collect::<Vec<_>>(), [1, 2]);
        assert!(parse(&format!("1 {one}\n1 {two}")).is_none());
        assert!(parse("").is_none());
        assert!(parse("1 zz").is_none());
    }
}
