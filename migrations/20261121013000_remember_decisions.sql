-- How many records a full listing missed when it last asked, and for how many a person said that they are there: so many
-- may stay missing without asking again, and without being deleted.
ALTER TABLE syncs
    ADD COLUMN deletions_found int NOT NULL DEFAULT 0,
    ADD COLUMN deletions_dismissed int NOT NULL DEFAULT 0,
    -- The filter was changed at this time: what it had excluded until then has to be looked at again. The next prepare
    -- run does that in pieces and takes the mark away.
    ADD COLUMN refilter_at timestamptz;

-- The dispatcher asks every second which syncs process at once; few do.
CREATE INDEX syncs_real_time_idx ON syncs (tenant_id, id) WHERE real_time = 'process' OR real_time_back = 'process';
