//! Passwords and tokens that are made at first start and kept in files that only their owner can read.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};

/// `bytes` random bytes in hex.
pub fn random(bytes: usize) -> Result<String> {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).map_err(|error| anyhow!("the system gives no random numbers: {error}"))?;
    Ok(hex(&buffer))
}

/// What the file holds; if there is none, a new secret that is written there.
pub fn kept(path: &Path) -> Result<String> {
    if let Ok(text) = fs::read_to_string(path)
        && !text.trim().is_empty()
    {
        return Ok(text.trim().to_owned());
    }
    let secret = random(24)?;
    write(path, &secret)?;
    Ok(secret)
}

/// Writes a file with mode 0600, in one move.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let draft = path.with_extension("new");
    fs::remove_file(&draft).ok();
    let written = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&draft, path));
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// The beginning of the content's SHA-256, for names: 16 hex digits.
pub fn short_hash(content: &[u8]) -> String {
    hex(&Sha256::digest(content)[..8])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
