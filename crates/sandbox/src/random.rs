//! Unguessable text for session ids.

/// As many random hexadecimal digits as asked for, from the operating system.
///
/// # Errors
/// When the operating system has no randomness to give.
pub fn hex(digits: usize) -> std::io::Result<String> {
    let mut bytes = vec![0_u8; digits.div_ceil(2)];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    let mut text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(digits);
    Ok(text)
}
