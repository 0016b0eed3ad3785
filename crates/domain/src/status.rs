//! The status of a record and what happened to it last, in words that an accountant understands.

crate::text_enum! {
    /// Where a record stands. Being worked on is not a status but a claim beside it.
    RecordStatus {
        /// To be processed from its next attempt's time on.
        Prepared = "prepared", "Prepared";
        /// Both sides agree as of this version.
        Processed = "processed", "Processed";
        /// The last try failed; another follows.
        Failed = "failed", "Failed";
        /// Failed as often as the sync allows: the dead letters.
        Aborted = "aborted", "Aborted";
        /// Both sides changed, and the sync asks a person.
        Conflict = "conflict", "Conflict";
        /// The sync exports only what somebody approved.
        AwaitingApproval = "awaiting_approval", "Awaiting approval";
        /// Somebody said no.
        Skipped = "skipped", "Skipped";
        /// The sync's filter excludes it.
        Filtered = "filtered", "Filtered";
        /// It can never sync as it is.
        Invalid = "invalid", "Invalid";
        /// Gone at the source, and that has been carried out.
        Deleted = "deleted", "Deleted";
    }
}

impl RecordStatus {
    /// Whether a process run picks the record up when its time has come.
    #[must_use]
    pub const fn is_due_some_day(self) -> bool {
        matches!(self, Self::Prepared | Self::Failed)
    }

    /// Whether a person has to look at it.
    #[must_use]
    pub const fn needs_a_person(self) -> bool {
        matches!(self, Self::Aborted | Self::Conflict | Self::Invalid)
    }
}

crate::text_enum! {
    /// What happened to the record last.
    LastOperation {
        Found = "found", "Found in the source";
        ChangedAtSource = "changed_at_source", "Changed in the source";
        Inserted = "inserted", "Inserted in the destination";
        Updated = "updated", "Updated in the destination";
        Adopted = "adopted", "Matched with an existing record";
        Deleted = "deleted", "Deleted";
        FailedToSave = "failed_to_save", "Failed to save in the destination";
        FailedToRead = "failed_to_read", "Failed to read";
        ConflictOverridden = "conflict_overridden", "Conflict resolved by override";
        NotNeeded = "not_needed", "Modified, sync not needed";
        WaitsForPrerequisite = "waits_for_prerequisite", "Waits for another record";
        Forced = "forced", "Forced to resync";
        ManuallyPrepared = "manually_prepared", "Set as prepared by hand";
        ManuallySkipped = "manually_skipped", "Skipped by hand";
        NotFound = "not_found", "Not found in the source";
        SettingsChanged = "settings_changed", "Settings changed";
        Filtered = "filtered", "Excluded by the filter";
        CrashedWorker = "crashed_worker", "Interrupted by a crash";
        ChangedAtDestination = "changed_at_destination", "Changed in the destination";
        InsertedInSource = "inserted_in_source", "Inserted in the source";
        UpdatedInSource = "updated_in_source", "Updated in the source";
        FailedToSaveInSource = "failed_to_save_in_source", "Failed to save in the source";
        ConflictOverriddenInSource = "conflict_overridden_in_source", "Conflict resolved by override in the source";
        ConflictFound = "conflict_found", "Both sides changed";
        ConflictResolved = "conflict_resolved", "Conflict resolved by hand";
        DeletedInDestination = "deleted_in_destination", "Deleted in the destination";
        DeletedInSource = "deleted_in_source", "Deleted in the source";
        Deactivated = "deactivated", "Deactivated at the other side";
        Kept = "kept", "Gone on one side, kept on the other";
        ManuallySynchronised = "manually_synchronised", "Manually synchronised";
        ManuallyLinked = "manually_linked", "Linked by hand";
        PayloadEdited = "payload_edited", "Edited by hand";
        Replayed = "replayed", "Replayed from an earlier version";
        Repaired = "repaired", "Queued by a repair";
    }
}

crate::text_enum! {
    /// What a person can do to records in the Sync History.
    RecordAction {
        Retry = "retry", "Retry";
        Skip = "skip", "Skip";
        SetPrepared = "set_prepared", "Set as prepared";
        SyncNow = "sync_now", "Sync now";
        /// Both sides are right as they are; only when both ids are known.
        SetProcessed = "set_processed", "Set as processed";
        /// In a conflict: what the source says is written to the destination.
        SourceWins = "source_wins", "Source wins";
        /// In a conflict: what the destination says is written to the source.
        DestinationWins = "destination_wins", "Destination wins";
        /// Forgets the record; a later full listing finds it anew.
        Forget = "forget", "Delete from history";
    }
}

impl RecordAction {
    /// Whether the action does anything to a record in this status.
    #[must_use]
    pub const fn applies_to(self, status: RecordStatus) -> bool {
        use RecordStatus as S;
        match self {
            Self::Retry => matches!(status, S::Failed | S::Aborted | S::Invalid),
            Self::Skip => matches!(status, S::Prepared | S::Failed | S::Aborted | S::Invalid | S::Conflict),
            Self::SetPrepared => !matches!(status, S::Prepared | S::Deleted),
            Self::SyncNow => !matches!(status, S::Deleted | S::AwaitingApproval | S::Conflict),
            Self::SetProcessed => !matches!(status, S::Processed | S::Deleted | S::AwaitingApproval),
            Self::SourceWins | Self::DestinationWins => matches!(status, S::Conflict),
            Self::Forget => true,
        }
    }

    /// Whether a process run follows at once: somebody wants to see it happen.
    #[must_use]
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::Retry | Self::SyncNow | Self::SourceWins | Self::DestinationWins)
    }

    /// What takes it back, as far as it can be taken back.
    #[must_use]
    pub const fn undone_by(self) -> Option<Self> {
        match self {
            Self::Skip => Some(Self::SetPrepared),
            Self::SetPrepared => Some(Self::Skip),
            _ => None,
        }
    }
}
