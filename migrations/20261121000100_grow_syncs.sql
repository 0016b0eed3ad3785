-- What a person may choose about a sync, beyond its two ends.
ALTER TABLE syncs
    ADD COLUMN direction text NOT NULL DEFAULT 'one_way',
    ADD COLUMN primary_side text NOT NULL DEFAULT 'source',
    ADD COLUMN conflict_policy text NOT NULL DEFAULT 'primary_wins',
    ADD COLUMN deletion_policy text NOT NULL DEFAULT 'keep',
    ADD COLUMN drift_policy text NOT NULL DEFAULT 'carry_on',
    ADD COLUMN write_back boolean NOT NULL DEFAULT false,
    -- The condition tree; NULL lets every record pass.
    ADD COLUMN filter jsonb,
    ADD COLUMN real_time text NOT NULL DEFAULT 'off',
    ADD COLUMN real_time_back text NOT NULL DEFAULT 'off',
    ADD COLUMN quiet_seconds int NOT NULL DEFAULT 15,
    ADD COLUMN longest_wait_seconds int NOT NULL DEFAULT 60,
    -- The newest change at the destination that a completed listing has seen; two-way syncs only.
    ADD COLUMN destination_watermark_at timestamptz,
    -- Why nothing goes on until a person has decided ('drift' or 'deletions'), in words for them.
    ADD COLUMN hold text,
    ADD COLUMN hold_message text,
    ADD COLUMN held_at timestamptz,
    -- So many deletions at once a person has agreed to, for the next full prepare.
    ADD COLUMN deletions_allowed int NOT NULL DEFAULT 0,
    -- Events that were older than what was known.
    ADD COLUMN events_discarded bigint NOT NULL DEFAULT 0,
    DROP CONSTRAINT syncs_entity_check,
    ADD CONSTRAINT syncs_entity_check CHECK (entity IN ('order', 'customer', 'product', 'payment', 'shipment', 'stock')),
    ADD CONSTRAINT syncs_direction_check CHECK (direction IN ('one_way', 'two_way')),
    ADD CONSTRAINT syncs_primary_check CHECK (primary_side IN ('source', 'destination')),
    ADD CONSTRAINT syncs_conflict_check CHECK (conflict_policy IN ('primary_wins', 'newest_wins', 'ask')),
    ADD CONSTRAINT syncs_deletion_check CHECK (deletion_policy IN ('keep', 'deactivate', 'delete')),
    ADD CONSTRAINT syncs_drift_check CHECK (drift_policy IN ('carry_on', 'add_fields', 'stop')),
    ADD CONSTRAINT syncs_real_time_check CHECK (real_time IN ('off', 'prepare', 'process')),
    ADD CONSTRAINT syncs_real_time_back_check CHECK (real_time_back IN ('off', 'prepare', 'process')),
    ADD CONSTRAINT syncs_quiet_check CHECK (quiet_seconds BETWEEN 0 AND 300),
    ADD CONSTRAINT syncs_longest_wait_check CHECK (longest_wait_seconds BETWEEN 0 AND 3600),
    ADD CONSTRAINT syncs_hold_check CHECK (hold IN ('drift', 'deletions'));

ALTER TABLE runs
    -- What a run is asked for beyond its phase (a range, a record), and what it found out (a dry run's rows, a comparison).
    ADD COLUMN request jsonb,
    ADD COLUMN report jsonb,
    DROP CONSTRAINT runs_phase_check,
    ADD CONSTRAINT runs_phase_check CHECK (
        phase IN ('prepare', 'process', 'full_prepare', 'range_prepare', 'reconcile', 'dry_run', 'compare', 'test')
    ),
    DROP CONSTRAINT runs_trigger_check,
    ADD CONSTRAINT runs_trigger_check CHECK (trigger IN ('schedule', 'manual', 'webhook', 'chained', 'due', 'probe'));
-- Two people may compare two records at once; of everything else, one at a time.
DROP INDEX runs_active_key;
CREATE UNIQUE INDEX runs_active_key ON runs (tenant_id, sync_id, phase)
WHERE sync_id IS NOT NULL AND phase <> 'compare' AND state IN ('queued', 'running', 'waiting');

-- After five failures in a row of different records nothing is sent until a probe has succeeded.
ALTER TABLE connections
    ADD COLUMN failing_records uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN breaker_opened_at timestamptz,
    ADD COLUMN breaker_probe_at timestamptz,
    ADD COLUMN breaker_pause_seconds int NOT NULL DEFAULT 15;
CREATE INDEX connections_probe_idx ON connections (breaker_probe_at) WHERE breaker_opened_at IS NOT NULL;
