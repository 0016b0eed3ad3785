//! Rules about the sources that no compiler knows: which crate may name what, and how long a file may be.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

use crate::paths::Workspace;

/// A file may be longer than this only when its first line says why.
const LONGEST: usize = 600;
const EXCUSE: &str = "//! Long because";

/// What may be named only in some places. A place that ends in a slash is a folder; any other is the beginning of a path.
struct Arrow {
    /// Beginnings of names in the source.
    names: &'static [&'static str],
    places: &'static [&'static str],
    why: &'static str,
}

const ARROWS: &[Arrow] = &[
    Arrow {
        names: &["apalis::", "apalis_postgres::", "apalis_sql::", "apalis_core::"],
        places: &["crates/engine/src/jobs", "crates/engine/tests/", "server/src/worker"],
        why: "only the job queue's own modules know apalis",
    },
    Arrow {
        names: &["sqlx::query", "sqlx::raw_sql", "sqlx::QueryBuilder"],
        places: &[
            "crates/engine/src/store",
            "crates/engine/src/db",
            "crates/engine/src/jobs",
            "crates/engine/tests/",
            "crates/simulation/",
            "crates/bench/",
            "server/tests/",
        ],
        why: "SQL is only in the engine's store",
    },
    Arrow {
        names: &["leptos::", "leptos_router::", "leptos_meta::"],
        places: &["app/", "frontend/", "server/"],
        why: "only the screens know Leptos",
    },
    Arrow {
        names: &["axum::"],
        places: &["app/", "server/", "crates/sandbox/", "crates/simulation/"],
        why: "the engine and what it builds on serve no HTTP",
    },
    Arrow {
        names: &["sqlx::"],
        places: &["crates/engine/", "crates/simulation/", "crates/bench/", "server/"],
        why: "only the engine knows the database",
    },
    Arrow {
        names: &["connectors::"],
        places: &["crates/engine/", "crates/connectors/", "crates/simulation/", "crates/bench/"],
        why: "the screens reach other systems through the engine",
    },
];

pub fn check(workspace: &Workspace) -> Result<()> {
    let mut found = Vec::new();
    for path in sources(&workspace.root)? {
        let name = path.strip_prefix(&workspace.root)?.to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&path)?;
        // These rules are written down in xtask itself.
        if !name.starts_with("crates/xtask/") {
            found.extend(breaches(&name, &text));
        }
        let lines = text.lines().count();
        if lines > LONGEST && !text.starts_with(EXCUSE) {
            found.push(format!("{name}: {lines} lines; split it, or begin it with `{EXCUSE} …`"));
        }
    }
    if !found.is_empty() {
        bail!("{}", found.join("\n"));
    }
    Ok(())
}

fn breaches(file: &str, text: &str) -> Vec<String> {
    let arrows = ARROWS.iter().filter(|arrow| !arrow.places.iter().any(|place| file.starts_with(place)));
    let mut found = Vec::new();
    for arrow in arrows {
        for (number, line) in text.lines().enumerate() {
            let code = line.trim_start();
            if !code.starts_with("//") && arrow.names.iter().any(|name| names(code, name)) {
                found.push(format!("{file}:{}: {} ({})", number + 1, arrow.why, code.trim_end()));
            }
        }
    }
    found
}

/// Whether the line has the name as a path of its own, not as the end of a longer word.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name)
        .any(|(at, _)| !line[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
}

fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = ["app", "server", "frontend", "crates"].iter().map(|name| root.join(name)).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                if entry.file_name() != "node_modules" && entry.file_name() != "target" {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_wrong_crate_is_found_and_in_the_right_one_is_not() {
        let text = "use apalis::prelude::*;\n// apalis:: in a comment\nlet a = my_apalis::x();\n";
        assert_eq!(breaches("crates/engine/src/runs.rs", text).len(), 1);
        assert!(breaches("crates/engine/src/jobs/push.rs", text).is_empty());
    }
}
