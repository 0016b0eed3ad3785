-- What a person wants done to the side that is left, when a record is gone on one side and was changed on the other and
-- they let it go: then there is no payload. A payload for such a record brings it back where it is gone.
ALTER TABLE record_edits
    ADD COLUMN removal text,
    ADD CONSTRAINT record_edits_removal_check CHECK (removal IN ('delete', 'deactivate', 'keep')),
    ADD CONSTRAINT record_edits_removal_is_whole_check CHECK (removal IS NULL OR (kind = 'conflict' AND payload IS NULL));
