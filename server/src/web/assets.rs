//! `/assets/…`: the build's files from memory, for ever cacheable because their names carry their content's hash.

mod encoding;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Site;

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const FOR_A_DAY: &str = "public, max-age=86400";

/// The build's files by name. Nothing else is served, so no path leads out of the folder.
pub struct Assets {
    files: HashMap<String, File>,
    /// Names as the source has them, to names with hashes.
    manifest: HashMap<String, String>,
    shell: app::Assets,
}

struct File {
    content_type: &'static str,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl Assets {
    /// Reads every file of the build into memory.
    ///
    /// # Errors
    /// When there is no build, or it lacks what every page needs.
    pub fn load(folder: &Path) -> Result<Self> {
        let manifest = fs::read(folder.join("manifest.json"))
            .with_context(|| format!("no build in {}: run `cargo xtask build`", folder.display()))?;
        let manifest: HashMap<String, String> =
            serde_json::from_slice(&manifest).context("manifest.json cannot be read")?;
        let mut contents = HashMap::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let name = entry.file_name().to_string_lossy().into_owned();
                contents.insert(name, Bytes::from(fs::read(entry.path())?));
            }
        }
        let is_plain = |name: &&String| !name.ends_with(".br") && !name.ends_with(".gz") && *name != "manifest.json";
        let file = |name: &String| (name.clone(), File::of(name, &contents));
        let files: HashMap<String, File> = contents.keys().filter(is_plain).map(file).collect();
        let shell = for_shell(&manifest, &files)?;
        Ok(Self { files, manifest, shell })
    }

    /// The names that the document's shell needs.
    #[must_use]
    pub const fn for_shell(&self) -> &app::Assets {
        &self.shell
    }

    fn by_source(&self, source: &str) -> Option<&File> {
        self.files.get(self.manifest.get(source)?)
    }
}

impl File {
    fn of(name: &str, contents: &HashMap<String, Bytes>) -> Self {
        let beside = |extension: &str| contents.get(&format!("{name}.{extension}")).cloned();
        Self {
            content_type: content_type(name),
            plain: contents.get(name).cloned().unwrap_or_default(),
            brotli: beside("br"),
            gzip: beside("gz"),
        }
    }

    fn answer(&self, asked: &HeaderMap, cache: &'static str) -> Response {
        let (body, coding) = match (&self.brotli, &self.gzip) {
            (Some(brotli), _) if encoding::accepts(asked, "br") => (brotli, Some("br")),
            (_, Some(gzip)) if encoding::accepts(asked, "gzip") => (gzip, Some("gzip")),
            _ => (&self.plain, None),
        };
        let headers = [
            (header::CONTENT_TYPE, self.content_type),
            (header::CACHE_CONTROL, cache),
            (header::VARY, "accept-encoding"),
        ];
        match coding {
            Some(coding) => (headers, [(header::CONTENT_ENCODING, coding)], body.clone()).into_response(),
            None => (headers, body.clone()).into_response(),
        }
    }
}

fn for_shell(manifest: &HashMap<String, String>, files: &HashMap<String, File>) -> Result<app::Assets> {
    let name = |source: &str| {
        let name = manifest.get(source).with_context(|| format!("the build has no {source}"))?;
        files.get(name).with_context(|| format!("the build has no file {name}"))?;
        anyhow::Ok(name.clone())
    };
    Ok(app::Assets {
        js: name("app.js")?,
        wasm: name("app.wasm")?,
        css: name("main.css")?,
        font: name("fonts/inter-latin.woff2")?,
    })
}

pub(super) fn routes(site: &Site) -> Router {
    Router::new()
        .route("/assets/{file}", get(asset))
        .route("/favicon.svg", get(favicon))
        .route("/robots.txt", get(|| async { "User-agent: *\nDisallow: /\n" }))
        .with_state(site.clone())
}

async fn asset(State(site): State<Site>, UrlPath(name): UrlPath<String>, asked: HeaderMap) -> Response {
    let file = site.assets.files.get(&name);
    file.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |file| file.answer(&asked, FOR_EVER))
}

async fn favicon(State(site): State<Site>, asked: HeaderMap) -> Response {
    let file = site.assets.by_source("favicon.svg");
    file.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |file| file.answer(&asked, FOR_A_DAY))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("woff2") => "font/woff2",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
