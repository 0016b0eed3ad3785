//! Splits a filter into words, texts and signs.

use std::fmt;

/// Longer filters are refused before they are read; the parts of one `and` chain are walked recursively.
const LONGEST: usize = 4_000;

/// A part of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A name, an operator or a number.
    Word(String),
    /// `'text'`, with doubled quotes made single.
    Text(String),
    /// `datetimeoffset'…'` or `datetime'…'`.
    Time(String),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Text(text) | Self::Time(text) => write!(f, "'{text}'"),
            Self::Open => f.write_str("("),
            Self::Close => f.write_str(")"),
            Self::Comma => f.write_str(","),
        }
    }
}

/// Splits a filter; the error says what is wrong.
pub fn tokens(text: &str) -> Result<Vec<Token>, String> {
    if text.len() > LONGEST {
        return Err("The filter is too long".to_owned());
    }
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        tokens.push(match letter {
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            '\'' => Token::Text(quoted(&mut letters)?),
            blank if blank.is_whitespace() => continue,
            first => {
                let mut word = String::from(first);
                while let Some(next) = letters.next_if(|next| !next.is_whitespace() && !"(),'".contains(*next)) {
                    word.push(next);
                }
                if letters.next_if_eq(&'\'').is_none() {
                    Token::Word(word)
                } else if word == "datetimeoffset" || word == "datetime" {
                    Token::Time(quoted(&mut letters)?)
                } else if word == "guid" {
                    Token::Text(quoted(&mut letters)?)
                } else {
                    return Err(format!("Syntax error: {word}'…' is not a value"));
                }
            }
        });
    }
    Ok(tokens)
}

fn quoted(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        if letter != '\'' {
            text.push(letter);
        } else if letters.next_if_eq(&'\'').is_some() {
            text.push('\'');
        } else {
            return Ok(text);
        }
    }
    Err("Syntax error: a quote is not closed".to_owned())
}
