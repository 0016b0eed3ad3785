//! The compressed forms, made once at build time, so that the server never compresses and can afford the best quality.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};

/// Writes `<path>.br` and `<path>.gz`. Fonts and pictures are compressed already and get neither.
pub fn write_beside(path: &Path, content: &[u8]) -> Result<()> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if !["js", "wasm", "css", "svg", "txt", "json"].contains(&extension) {
        return Ok(());
    }
    let write = |suffix: &str, bytes: Vec<u8>| {
        let file = path.with_extension(format!("{extension}.{suffix}"));
        fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))
    };
    write("br", brotli(content)?)?;
    write("gz", gzip(content)?)
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let parameters = BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: content.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &content[..], &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}
