//! What a person may change about a sync, what of it is possible between its two systems, and what differs between two
//! states of it.

use serde::{Deserialize, Serialize};

use super::{ConflictPolicy, DeletionPolicy, Direction, DriftPolicy, RealTime, SyncView};
use crate::connection::FieldErrors;
use crate::entity::Side;
use crate::filter::Filter;

/// What a person may change about a sync.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncSettings {
    pub direction: Direction,
    /// The side that wins under [`ConflictPolicy::PrimaryWins`].
    pub primary: Side,
    pub conflict_policy: ConflictPolicy,
    pub deletion_policy: DeletionPolicy,
    pub drift_policy: DriftPolicy,
    /// Writes the destination's number back to the source's record (a tag and a metafield) when it was inserted.
    pub write_back: bool,
    pub max_attempts: i32,
    /// What the source's announcements lead to.
    pub real_time: RealTime,
    /// What the destination's announcements lead to, in a two-way sync.
    pub real_time_back: RealTime,
    /// Changes to one record wait until it has been quiet for so long, 0–300 seconds.
    pub quiet_seconds: i32,
    /// But never longer than this after the first of them, 0–3600 seconds.
    pub longest_wait_seconds: i32,
    /// `None` = every record is synchronised.
    pub filter: Option<Filter>,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            direction: Direction::OneWay,
            primary: Side::Source,
            conflict_policy: ConflictPolicy::PrimaryWins,
            deletion_policy: DeletionPolicy::Keep,
            drift_policy: DriftPolicy::CarryOn,
            write_back: false,
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            real_time: RealTime::Off,
            real_time_back: RealTime::Off,
            quiet_seconds: 15,
            longest_wait_seconds: 60,
            filter: None,
        }
    }
}

/// How often a record is tried before it is Aborted.
pub const DEFAULT_MAX_ATTEMPTS: i32 = 5;

/// The least and the greatest number of tries.
pub const ATTEMPTS: (i32, i32) = (1, 50);
/// How a message begins that tells of another person's choice.
pub const CLASH: &str = "Meanwhile somebody else has chosen";
/// Seconds of quiet that a sync may wait for.
pub const QUIET: (i32, i32) = (0, 300);
/// Seconds after the first change that a sync may wait at most.
pub const LONGEST_WAIT: (i32, i32) = (0, 3_600);

/// What the systems of a sync let it do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Possible {
    /// Both can be read and updated.
    pub two_way: bool,
    /// A record can be taken out of use on the side where it would have to go.
    pub deactivate: bool,
    pub delete: bool,
    /// The source's records can carry a note.
    pub write_back: bool,
}

/// Everything that the form of a sync's settings needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingsView {
    pub sync: SyncView,
    pub settings: SyncSettings,
    pub possible: Possible,
}

/// What a person wants to change, and what the settings were when they began.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsChange {
    pub base: SyncSettings,
    pub wanted: SyncSettings,
    /// Where somebody else has changed the same meanwhile, theirs is replaced.
    pub insists: bool,
}

/// A setting in words: its name in the form, its label and its value.
pub type Words = (&'static str, &'static str, String);

impl SyncSettings {
    /// What cannot be chosen, field by field.
    #[must_use]
    pub fn problems(&self, possible: Possible) -> FieldErrors {
        let mut problems = FieldErrors::new();
        let mut refuse = |field: &str, message: String| problems.push((field.to_owned(), message));
        if self.direction == Direction::TwoWay && !possible.two_way {
            refuse("direction", "One of the two systems cannot be written to. Choose one way.".into());
        }
        match self.deletion_policy {
            DeletionPolicy::Deactivate if !possible.deactivate => {
                refuse("deletion_policy", "These records cannot be taken out of use there. Choose another one.".into());
            }
            DeletionPolicy::Delete if !possible.delete => {
                refuse("deletion_policy", "These records cannot be deleted there. Choose another one.".into());
            }
            _ => {}
        }
        if self.write_back && !possible.write_back {
            refuse("write_back", "The source has no place for a note on these records.".into());
        }
        let numbers = [
            ("max_attempts", self.max_attempts, ATTEMPTS),
            ("quiet_seconds", self.quiet_seconds, QUIET),
            ("longest_wait_seconds", self.longest_wait_seconds, LONGEST_WAIT),
        ];
        for (field, number, (least, most)) in numbers {
            if !(least..=most).contains(&number) {
                refuse(field, format!("Type a whole number from {least} to {most}."));
            }
        }
        problems
    }

    /// Every setting in words, in the form's order.
    #[must_use]
    pub fn words(&self) -> Vec<Words> {
        let yes = |value: bool| if value { "yes" } else { "no" }.to_owned();
        let filter = self.filter.as_ref().map_or_else(|| "every record".to_owned(), describe);
        vec![
            ("direction", "direction", self.direction.label().to_owned()),
            ("primary", "primary system", self.primary.label().to_owned()),
            ("conflict_policy", "conflicts", self.conflict_policy.label().to_owned()),
            ("deletion_policy", "deletions", self.deletion_policy.label().to_owned()),
            ("drift_policy", "changed fields", self.drift_policy.label().to_owned()),
            ("write_back", "write back", yes(self.write_back)),
            ("max_attempts", "tries", self.max_attempts.to_string()),
            ("real_time", "real time", self.real_time.label().to_owned()),
            ("real_time_back", "real time of the destination", self.real_time_back.label().to_owned()),
            ("quiet_seconds", "seconds of quiet", self.quiet_seconds.to_string()),
            ("longest_wait_seconds", "longest wait", self.longest_wait_seconds.to_string()),
            ("filter", "filter", filter),
        ]
    }

    /// What `other` says differently: `conflicts: “Ask me” → “The newest change wins”`.
    #[must_use]
    pub fn changes_to(&self, other: &Self) -> Vec<String> {
        let pairs = self.words().into_iter().zip(other.words());
        let changed = pairs.filter(|((_, _, before), (_, _, after))| before != after);
        changed.map(|((_, label, before), (_, _, after))| format!("{label}: “{before}” → “{after}”")).collect()
    }
}

impl SettingsChange {
    /// What the settings become when they are `current` now: what this person changed, and what others changed meanwhile.
    ///
    /// # Errors
    /// The settings that both have changed, each with what the other has chosen; unless this person insists.
    pub fn onto(&self, current: &SyncSettings) -> Result<SyncSettings, FieldErrors> {
        let theirs = self.base.words().into_iter().zip(current.words()).zip(self.wanted.words());
        let both =
            theirs.filter(|((before, now), wanted)| before.2 != now.2 && before.2 != wanted.2 && now.2 != wanted.2);
        let clashes: FieldErrors =
            both.map(|((_, now), _)| (now.0.to_owned(), format!("{CLASH} “{}” here.", now.2))).collect();
        if !clashes.is_empty() && !self.insists {
            return Err(clashes);
        }
        Ok(self.merged(current))
    }

    fn merged(&self, current: &SyncSettings) -> SyncSettings {
        let (base, wanted) = (&self.base, &self.wanted);
        SyncSettings {
            direction: pick(&base.direction, &wanted.direction, &current.direction),
            primary: pick(&base.primary, &wanted.primary, &current.primary),
            conflict_policy: pick(&base.conflict_policy, &wanted.conflict_policy, &current.conflict_policy),
            deletion_policy: pick(&base.deletion_policy, &wanted.deletion_policy, &current.deletion_policy),
            drift_policy: pick(&base.drift_policy, &wanted.drift_policy, &current.drift_policy),
            write_back: pick(&base.write_back, &wanted.write_back, &current.write_back),
            max_attempts: pick(&base.max_attempts, &wanted.max_attempts, &current.max_attempts),
            real_time: pick(&base.real_time, &wanted.real_time, &current.real_time),
            real_time_back: pick(&base.real_time_back, &wanted.real_time_back, &current.real_time_back),
            quiet_seconds: pick(&base.quiet_seconds, &wanted.quiet_seconds, &current.quiet_seconds),
            longest_wait_seconds: pick(
                &base.longest_wait_seconds,
                &wanted.longest_wait_seconds,
                &current.longest_wait_seconds,
            ),
            filter: pick(&base.filter, &wanted.filter, &current.filter),
        }
    }
}

/// A filter as a sentence: `total is more than 100.00 and (note contains gift or note is empty)`.
#[must_use]
pub fn describe(filter: &Filter) -> String {
    match filter {
        Filter::Is(condition) => {
            let words = format!("{} {} {}", condition.field, condition.operator.label(), condition.value);
            words.trim_end().to_owned()
        }
        Filter::All(parts) => join(parts, " and "),
        Filter::Any(parts) => join(parts, " or "),
    }
}

fn join(parts: &[Filter], word: &str) -> String {
    let part = |part: &Filter| match part {
        Filter::Is(_) => describe(part),
        group => format!("({})", describe(group)),
    };
    if parts.is_empty() { "every record".to_owned() } else { parts.iter().map(part).collect::<Vec<_>>().join(word) }
}

/// What this person has not touched stays as it is now.
fn pick<T: PartialEq + Clone>(base: &T, wanted: &T, current: &T) -> T {
    if base == wanted { current.clone() } else { wanted.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(wanted: SyncSettings) -> SettingsChange {
        SettingsChange { base: SyncSettings::default(), wanted, insists: false }
    }

    #[test]
    fn two_people_who_change_different_settings_both_get_theirs() {
        let mine = change(SyncSettings { max_attempts: 9, ..SyncSettings::default() });
        let now = SyncSettings { drift_policy: DriftPolicy::Stop, ..SyncSettings::default() };
        let both = mine.onto(&now).unwrap();
        assert_eq!((both.max_attempts, both.drift_policy), (9, DriftPolicy::Stop));
    }

    #[test]
    fn who_changes_what_another_has_just_changed_is_told_and_may_insist() {
        let mine = change(SyncSettings { max_attempts: 9, ..SyncSettings::default() });
        let now = SyncSettings { max_attempts: 7, ..SyncSettings::default() };
        let told = mine.onto(&now).unwrap_err();
        assert!(told[0].0 == "max_attempts" && told[0].1.contains('7'), "{told:?}");
        assert_eq!(SettingsChange { insists: true, ..mine }.onto(&now).unwrap().max_attempts, 9);
    }

    #[test]
    fn what_the_systems_cannot_do_cannot_be_chosen() {
        let wanted = SyncSettings {
            direction: Direction::TwoWay,
            deletion_policy: DeletionPolicy::Delete,
            max_attempts: 0,
            ..SyncSettings::default()
        };
        let fields: Vec<String> = wanted.problems(Possible::default()).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["direction", "deletion_policy", "max_attempts"]);
    }
}
