//! Matching: which record of the destination a new record of the source is, if any.

/// A record of the destination that has the same unique key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub id: String,
    /// Another record of the sync is linked to it already, by this description.
    pub linked_to: Option<String>,
}

/// What to do with a record that has no id at the destination yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// None has the key: insert.
    Insert,
    /// One has it and is free: link it, and update it where it differs.
    Adopt(String),
    /// A person has to decide; the sentence names the candidates.
    Stop(String),
}

/// Decides by the candidates that a look-up by `key` returned.
#[must_use]
pub fn match_record(key: &str, candidates: &[Candidate]) -> Match {
    match candidates {
        [] => Match::Insert,
        [Candidate { id, linked_to: None }] => Match::Adopt(id.clone()),
        [Candidate { id, linked_to: Some(other) }] => Match::Stop(format!(
            "The destination's record {id} has the key “{key}” too, and is linked to {other}. Two source records cannot \
             share one: give one of them another key, or skip one."
        )),
        several => {
            let ids: Vec<&str> = several.iter().map(|candidate| candidate.id.as_str()).collect();
            Match::Stop(format!(
                "{} records of the destination have the key “{key}”: {}. Make it unique there, then retry.",
                several.len(),
                ids.join(", ")
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: &str, linked_to: Option<&str>) -> Candidate {
        Candidate { id: id.into(), linked_to: linked_to.map(Into::into) }
    }

    #[test]
    fn one_free_candidate_is_adopted_and_nothing_is_guessed() {
        assert_eq!(match_record("K", &[]), Match::Insert);
        assert_eq!(match_record("K", &[candidate("7", None)]), Match::Adopt("7".into()));
        assert!(matches!(match_record("K", &[candidate("7", Some("#1"))]), Match::Stop(why) if why.contains('7')));
        assert!(matches!(match_record("K", &[candidate("7", None), candidate("8", None)]), Match::Stop(_)));
    }
}
