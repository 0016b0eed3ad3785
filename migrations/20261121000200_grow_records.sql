ALTER TABLE records
    -- Hash of the canonical record as it was last read at the destination.
    ADD COLUMN destination_hash bytea,
    -- On which side it is gone, and since when that is known.
    ADD COLUMN tombstone_side text,
    ADD COLUMN tombstone_at timestamptz,
    -- When the first of the changes was announced that now wait for quiet.
    ADD COLUMN announced_at timestamptz,
    -- Somebody wants this earlier version to be processed in place of what the source says now.
    ADD COLUMN replay_version bigint,
    DROP CONSTRAINT records_entity_check,
    ADD CONSTRAINT records_entity_check CHECK (
        entity IN ('order', 'customer', 'product', 'payment', 'shipment', 'stock')
    ),
    ADD CONSTRAINT records_tombstone_side_check CHECK (tombstone_side IN ('source', 'destination')),
    -- A record is known by at least one side.
    ADD CONSTRAINT records_known_check CHECK (source_id IS NOT NULL OR destination_id IS NOT NULL);

-- On which side a version was read.
ALTER TABLE record_versions
    ADD COLUMN side text NOT NULL DEFAULT 'source',
    ADD CONSTRAINT record_versions_side_check CHECK (side IN ('source', 'destination'));
CREATE INDEX record_versions_seen_idx ON record_versions (tenant_id, seen_at);

-- Both sides as they were when both had changed, each in the destination's terms, until somebody has chosen.
CREATE TABLE record_conflicts (
    tenant_id uuid NOT NULL,
    record_id uuid NOT NULL,
    source jsonb,
    destination jsonb,
    found_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, record_id),
    FOREIGN KEY (tenant_id, record_id) REFERENCES records (tenant_id, id) ON DELETE CASCADE
);
SELECT confine_to_tenant('record_conflicts');

-- What a person changed by hand: an outgoing payload, a link, the choice in a conflict.
CREATE TABLE record_edits (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    record_id uuid NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    made_at timestamptz NOT NULL,
    -- The canonical record to be written, in the destination's terms; NULL for a link.
    payload jsonb,
    -- The fields that differ from what would have been written.
    changes jsonb NOT NULL,
    -- When it was written; an edit is used once.
    used_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, record_id) REFERENCES records (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT record_edits_kind_check CHECK (kind IN ('payload', 'link', 'conflict'))
);
CREATE INDEX record_edits_record_idx ON record_edits (tenant_id, record_id, id DESC);
SELECT confine_to_tenant('record_edits');

-- Who may look up and insert a key at a connection: two syncs into one system must not both insert it. A lock is void
-- when its record is neither claimed nor about to be written.
CREATE TABLE key_locks (
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    entity text NOT NULL,
    key text NOT NULL,
    record_id uuid NOT NULL,
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, entity, key),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, record_id) REFERENCES records (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX key_locks_record_idx ON key_locks (tenant_id, record_id);
SELECT confine_to_tenant('key_locks');

-- What a full listing has seen so far; it goes with the run.
CREATE TABLE listing_seen (
    tenant_id uuid NOT NULL,
    run_id uuid NOT NULL,
    side text NOT NULL,
    external_id text NOT NULL,
    PRIMARY KEY (tenant_id, run_id, side, external_id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES runs (tenant_id, id) ON DELETE CASCADE
);
SELECT confine_to_tenant('listing_seen');

-- The fields that a connection's entity has, and what changed about them.
CREATE TABLE schemas (
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    entity text NOT NULL,
    fields jsonb NOT NULL,
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, entity),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
SELECT confine_to_tenant('schemas');

CREATE TABLE schema_drifts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    sync_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    -- [{"field", "was", "is", "rules": [canonical fields that use it]}]
    changes jsonb NOT NULL,
    stopped boolean NOT NULL,
    found_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, sync_id) REFERENCES syncs (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX schema_drifts_sync_idx ON schema_drifts (tenant_id, sync_id, id DESC);
CREATE INDEX schema_drifts_connection_idx ON schema_drifts (tenant_id, connection_id);
SELECT confine_to_tenant('schema_drifts');

-- What a reconcile run found: one row for each pair that does not agree. The run's report has the sums.
CREATE TABLE reconcile_findings (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    sync_id uuid NOT NULL,
    kind text NOT NULL,
    record_id uuid,
    source_id text,
    destination_id text,
    label text NOT NULL,
    changes jsonb NOT NULL,
    repaired_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES runs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT reconcile_findings_kind_check CHECK (
        kind IN ('missing_in_destination', 'missing_in_source', 'differs', 'duplicated')
    )
);
CREATE INDEX reconcile_findings_run_idx ON reconcile_findings (tenant_id, run_id, kind, id);
SELECT confine_to_tenant('reconcile_findings');

-- What a reconcile run has listed so far, both sides, until they are compared.
CREATE TABLE reconcile_rows (
    tenant_id uuid NOT NULL,
    run_id uuid NOT NULL,
    side text NOT NULL,
    external_id text NOT NULL,
    key text,
    label text NOT NULL,
    payload jsonb NOT NULL,
    PRIMARY KEY (tenant_id, run_id, side, external_id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES runs (tenant_id, id) ON DELETE CASCADE
);
SELECT confine_to_tenant('reconcile_rows');
