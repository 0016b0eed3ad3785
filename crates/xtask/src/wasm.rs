//! From the crate `frontend` to a small wasm file and its JavaScript.
//!
//! Cargo decides by itself whether to compile. The steps after it are skipped when the file that cargo made has not changed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use serde_json::json;
use wasm_bindgen_cli_support::Bindgen;

use crate::{node, paths::Workspace, proc, secrets, steps};

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "wasm-release";

/// What rustc assumes of a browser, and nothing beyond that.
const OPTIMISE: &[&str] = &[
    "-Oz",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--strip-debug",
    "--strip-producers",
];

/// The folder with `app.js`, `app.wasm` and, if a crate brings any, `snippets/`.
pub struct Bundle {
    pub folder: PathBuf,
}

/// Installs the compiler's wasm target where rustup manages the compiler; elsewhere cargo says itself what is missing.
pub fn ensure_target() -> Result<()> {
    if proc::find_in_path("rustup").is_none() {
        return Ok(());
    }
    let installed = proc::output(Command::new("rustup").args(["target", "list", "--installed"]))?;
    if installed.lines().any(|line| line == TARGET) {
        return Ok(());
    }
    steps::quiet("Add the wasm target", || {
        proc::output(Command::new("rustup").args(["target", "add", TARGET])).map(drop)
    })
}

/// Compiles the crate. The file goes to everybody's browser, so the panics' places in it do not tell where this machine keeps its sources.
pub fn compile(workspace: &Workspace) -> Result<()> {
    let cargo_home = env::var("CARGO_HOME").or_else(|_| env::var("HOME").map(|home| format!("{home}/.cargo")))?;
    let root = workspace.root.display();
    let flags =
        json!([format!("--remap-path-prefix={root}=syncline"), format!("--remap-path-prefix={cargo_home}=cargo")]);
    let mut command = proc::cargo(workspace);
    command.args(["build", "--package", "frontend", "--lib", "--target", TARGET, "--profile", PROFILE]);
    command.arg("--config").arg(format!("target.{TARGET}.rustflags={flags}"));
    proc::run(&mut command)
}

/// Makes the JavaScript and shrinks the wasm.
pub fn bundle(workspace: &Workspace) -> Result<Bundle> {
    let compiled = workspace.target.join(TARGET).join(PROFILE).join("frontend.wasm");
    let bytes = fs::read(&compiled).with_context(|| format!("cargo left no {}", compiled.display()))?;
    let folder = workspace.target.join("syncline-web");
    let packages = workspace.root.join("crates/xtask/node");
    let optimiser = ensure_optimiser(workspace, &packages)?;
    let mark = folder.join("made-from");
    let made_from =
        format!("{} {}", secrets::short_hash(&bytes), if optimiser { OPTIMISE.join(" ") } else { String::new() });
    if fs::read_to_string(&mark).is_ok_and(|text| text == made_from) {
        return Ok(Bundle { folder });
    }
    fs::remove_dir_all(&folder).ok();
    bind(&compiled, &folder)?;
    if optimiser {
        optimise(&packages, &folder)?;
    } else {
        fs::rename(folder.join("app_bg.wasm"), folder.join("app.wasm"))?;
    }
    fs::write(mark, made_from)?;
    Ok(Bundle { folder })
}

fn bind(compiled: &Path, folder: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).out_name("app").typescript(false);
    bindgen.remove_name_section(true).remove_producers_section(true).omit_default_module_path(true);
    bindgen.web(true)?.generate(folder)
}

/// Without npm the page works as well, and loads a wasm that is a third larger.
fn ensure_optimiser(workspace: &Workspace, packages: &Path) -> Result<bool> {
    if node::npm().is_none() {
        eprint!("(npm is missing: the wasm stays larger than it need be) ");
        return Ok(false);
    }
    node::install(workspace, packages).map(|()| true)
}

fn optimise(packages: &Path, folder: &Path) -> Result<()> {
    let program = packages.join("node_modules/binaryen/bin/wasm-opt");
    let mut command = Command::new("node");
    command.arg(program).args(OPTIMISE).arg(folder.join("app_bg.wasm")).arg("-o").arg(folder.join("app.wasm"));
    proc::output(&mut command)?;
    fs::remove_file(folder.join("app_bg.wasm"))?;
    Ok(())
}
