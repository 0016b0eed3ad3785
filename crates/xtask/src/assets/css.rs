//! One stylesheet from `style/main.css` and what it imports.
//!
//! This knows the CSS that this project writes, not all of it: `@import` stands on a line of its own with a relative path, and perhaps `layer(name)`.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail};

/// Reads a stylesheet and puts what it imports in the place of the imports.
pub fn read(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let folder = path.parent().context("a stylesheet lies in a folder")?;
    let mut whole = String::with_capacity(text.len());
    for line in text.lines() {
        match line.trim().strip_prefix("@import ") {
            Some(import) => whole.push_str(&imported(folder, import)?),
            None => whole.push_str(line),
        }
        whole.push('\n');
    }
    Ok(whole)
}

fn imported(folder: &Path, import: &str) -> Result<String> {
    let mut parts = import.trim().trim_end_matches(';').splitn(2, ' ');
    let address = parts.next().unwrap_or_default().trim_start_matches("url(").trim_end_matches(')');
    let name = address.trim_matches(['"', '\'']);
    let text = read(&folder.join(name))?;
    match parts.next().map(str::trim).unwrap_or_default() {
        "" => Ok(text),
        layer if layer.starts_with("layer(") && layer.ends_with(')') => {
            Ok(format!("@layer {} {{\n{text}}}", &layer["layer(".len()..layer.len() - 1]))
        }
        other => bail!("`@import {name} {other}`: only layer(…) may follow the path"),
    }
}

/// Replaces the addresses of files below `public/` by those that they have in `dist/`. Data URLs and fragments stay.
pub fn with_hashed_urls(css: &str, manifest: &BTreeMap<String, String>) -> Result<String> {
    let mut whole = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(start) = rest.find("url(") {
        let (before, after) = rest.split_at(start + "url(".len());
        let end = after.find(')').context("a url( in the stylesheet has no end")?;
        let address = after[..end].trim().trim_matches(['"', '\'']);
        whole.push_str(before);
        if address.starts_with("data:") || address.starts_with('#') {
            whole.push_str(&after[..end]);
        } else {
            let hashed = manifest
                .iter()
                .find(|(name, _)| address == *name || address.ends_with(&format!("/{name}")))
                .with_context(|| {
                format!("the stylesheet wants {address}, and there is no such file below public/")
            })?;
            whole.push_str(&format!("\"/assets/{}\"", hashed.1));
        }
        rest = &after[end..];
    }
    whole.push_str(rest);
    Ok(whole)
}

/// Takes out comments and needless white space; strings stay as they are.
pub fn minified(css: &str) -> String {
    let mut small = String::with_capacity(css.len());
    let mut rest = css.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '"' | '\'' => copy_string(letter, &mut rest, &mut small),
            '/' if rest.peek() == Some(&'*') => skip_comment(&mut rest),
            _ if letter.is_whitespace() => {
                if !small.ends_with([' ', '{', '}', ';', ',']) && !small.is_empty() {
                    small.push(' ');
                }
            }
            '{' | '}' | ';' | ',' => {
                small.truncate(small.trim_end_matches(' ').len());
                if letter == '}' {
                    small.truncate(small.trim_end_matches(';').len());
                }
                small.push(letter);
            }
            _ => small.push(letter),
        }
    }
    small
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn copy_string(quote: char, rest: &mut Letters<'_>, small: &mut String) {
    small.push(quote);
    while let Some(letter) = rest.next() {
        small.push(letter);
        if letter == '\\' {
            small.extend(rest.next());
        } else if letter == quote {
            return;
        }
    }
}

fn skip_comment(rest: &mut Letters<'_>) {
    rest.next();
    while let Some(letter) = rest.next() {
        if letter == '*' && rest.peek() == Some(&'/') {
            rest.next();
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_comments_go_and_strings_stay() {
        let css = "/* a */\n.a :hover {\n  content: \"/* x  y */\";\n  margin: 0 auto;\n}\n@media (min-width: 1px) {\n  .b, .c > d { color: red }\n}\n";
        let small = ".a :hover{content: \"/* x  y */\";margin: 0 auto}@media (min-width: 1px){.b,.c > d{color: red}}";
        assert_eq!(minified(css), small);
    }

    #[test]
    fn addresses_of_public_files_get_their_hashes() {
        let manifest = BTreeMap::from([("fonts/inter.woff2".to_owned(), "inter-1f.woff2".to_owned())]);
        let css = "a{src:url('/assets/fonts/inter.woff2') format(\"woff2\");b:url(data:x)}";
        let hashed = with_hashed_urls(css, &manifest).unwrap();
        assert_eq!(hashed, "a{src:url(\"/assets/inter-1f.woff2\") format(\"woff2\");b:url(data:x)}");
        assert!(with_hashed_urls("a{src:url(missing.png)}", &manifest).is_err());
    }
}
