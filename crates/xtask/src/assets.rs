//! `dist/`: every file that the browser loads, under a name with its content's hash, with its compressed forms beside it.
//!
//! `dist/manifest.json` maps names as the source has them to the names in `dist/`: `app.js`, `app.wasm`, `main.css`, and everything below `public/` by its path
//! there. The server serves the folder at `/assets/`, for ever, since a changed file gets a new name.

mod compress;
mod css;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};

use crate::{paths::Workspace, secrets, wasm::Bundle};

/// Files of earlier builds stay for a day, since a server may still be serving them.
const KEEP_OLD: Duration = Duration::from_hours(24);

/// Writes `dist/` from the bundle, `style/` and `public/`.
pub fn write(workspace: &Workspace, bundle: &Bundle) -> Result<()> {
    fs::create_dir_all(&workspace.dist)?;
    let mut dist = Dist { folder: &workspace.dist, manifest: BTreeMap::new() };
    for (name, path) in files_below(&workspace.root.join("public"))? {
        dist.add(&name, &fs::read(path)?)?;
    }
    let mut script = fs::read_to_string(bundle.folder.join("app.js"))?;
    for (name, path) in files_below(&bundle.folder.join("snippets"))? {
        let hashed = dist.add(&name, &fs::read(path)?)?;
        // The same path is also a name in the wasm's list of imports, and stays there.
        script = script.replace(&format!("from \"./snippets/{name}\""), &format!("from \"./{hashed}\""));
    }
    dist.add("app.js", script.as_bytes())?;
    dist.add("app.wasm", &fs::read(bundle.folder.join("app.wasm"))?)?;
    let style = css::read(&workspace.root.join("style/main.css"))?;
    let style = css::with_hashed_urls(&css::minified(&style), &dist.manifest)?;
    dist.add("main.css", style.as_bytes())?;
    dist.finish()
}

struct Dist<'a> {
    folder: &'a Path,
    manifest: BTreeMap<String, String>,
}

impl Dist<'_> {
    /// Writes one file and its compressed forms, unless they are there; answers the name it got.
    fn add(&mut self, name: &str, content: &[u8]) -> Result<String> {
        let file_name = name.rsplit('/').next().unwrap_or(name);
        let hash = secrets::short_hash(content);
        let hashed = match file_name.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
            None => format!("{file_name}-{hash}"),
        };
        let path = self.folder.join(&hashed);
        if !path.exists() {
            compress::write_beside(&path, content)?;
            fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        }
        self.manifest.insert(name.to_owned(), hashed.clone());
        Ok(hashed)
    }

    /// Writes the manifest in one move, so that a server that starts now reads the old one or the new one.
    fn finish(self) -> Result<()> {
        let draft = self.folder.join("manifest.json.new");
        fs::write(&draft, serde_json::to_string_pretty(&self.manifest)?)?;
        fs::rename(draft, self.folder.join("manifest.json"))?;
        for (name, path) in files_below(self.folder)? {
            let current =
                self.manifest.values().any(|hashed| name.starts_with(hashed.as_str())) || name == "manifest.json";
            let age = SystemTime::now().duration_since(fs::metadata(&path)?.modified()?).unwrap_or_default();
            if !current && age > KEEP_OLD {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// All files below a folder with their paths there, with slashes; none if there is no such folder.
fn files_below(folder: &Path) -> Result<BTreeMap<String, std::path::PathBuf>> {
    let mut found = BTreeMap::new();
    let mut open = vec![(String::new(), folder.to_owned())];
    while let Some((prefix, folder)) = open.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                open.push((format!("{name}/"), entry.path()));
            } else {
                found.insert(name, entry.path());
            }
        }
    }
    Ok(found)
}
