//! Texts as systems keep them: one line, trimmed, not longer than a field.

/// One line of at most `most` characters: control characters and runs of blanks become one blank each.
pub(crate) fn line(text: &str, most: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join(" ");
    // Cutting may leave a blank at the end.
    joined.chars().take(most).collect::<String>().trim_end().to_owned()
}

/// The same, and `None` when nothing is left.
pub(crate) fn optional(text: Option<&str>, most: usize) -> Option<String> {
    text.map(|text| line(text, most)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_line_is_a_fixed_point(text in ".*", most in 0_usize..40) {
            let once = line(&text, most);
            prop_assert_eq!(line(&once, most), once);
        }
    }

    #[test]
    fn blanks_and_line_breaks_become_one_blank() {
        assert_eq!(line("  Leave\r\nat \u{0} the\tdoor ", 14), "Leave at the d");
        assert_eq!(line("ab cd", 3), "ab");
        assert_eq!(optional(Some(" \n"), 9), None);
    }
}
