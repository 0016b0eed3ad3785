CREATE TABLE records (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    sync_id uuid NOT NULL,
    entity text NOT NULL,
    source_id text,
    source_label text,
    source_url text,
    source_modified_at timestamptz,
    -- Hash of the canonical record as it was last read at the source.
    source_hash bytea,
    destination_id text,
    destination_label text,
    destination_url text,
    destination_modified_at timestamptz,
    match_key text,
    description text NOT NULL,
    status text NOT NULL,
    last_operation text NOT NULL,
    -- Our own counter, raised by every accepted change.
    version bigint NOT NULL DEFAULT 1,
    -- The version of which both sides agree, and the hashes that they had then.
    synced_version bigint NOT NULL DEFAULT 0,
    synced_source_hash bytea,
    synced_destination_hash bytea,
    -- Gone at the source, and not yet carried out.
    tombstone boolean NOT NULL DEFAULT false,
    -- Somebody wants it written although nothing changed.
    forced boolean NOT NULL DEFAULT false,
    priority smallint NOT NULL DEFAULT 0,
    attempts int NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    last_attempt_at timestamptz,
    last_error text,
    error_code text,
    error_field text,
    -- Being worked on is a claim, not a status; it is void with its epoch.
    claimed_run uuid,
    claimed_epoch int,
    crashes int NOT NULL DEFAULT 0,
    -- What was about to be written when the last write was sent; it goes with the write's bookkeeping.
    intent_key text,
    intent_hash bytea,
    intent_version bigint,
    intent_at timestamptz,
    intent_deadline_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search_text text NOT NULL GENERATED ALWAYS AS (
        lower(description || ' ' || COALESCE(source_label, '') || ' ' || COALESCE(destination_label, '') || ' '
            || COALESCE(source_id, '') || ' ' || COALESCE(destination_id, ''))
    ) STORED,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, sync_id) REFERENCES syncs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT records_source_key UNIQUE (tenant_id, sync_id, source_id),
    CONSTRAINT records_destination_key UNIQUE (tenant_id, sync_id, destination_id),
    CONSTRAINT records_entity_check CHECK (entity IN ('order', 'customer', 'product')),
    CONSTRAINT records_status_check CHECK (
        status IN ('prepared', 'processed', 'failed', 'aborted', 'conflict', 'awaiting_approval', 'skipped', 'filtered',
            'invalid', 'deleted')
    )
    -- A record is claimed, marked and settled within seconds: room on its page keeps these updates off the indexes.
) WITH (fillfactor = 75);
CREATE INDEX records_due_idx ON records (tenant_id, sync_id, priority DESC, next_attempt_at)
WHERE status IN ('prepared', 'failed');
CREATE INDEX records_recent_idx ON records (tenant_id, updated_at DESC, id DESC);
CREATE INDEX records_status_idx ON records (tenant_id, status, updated_at DESC, id DESC);
CREATE INDEX records_sync_idx ON records (tenant_id, sync_id, status, updated_at DESC, id DESC);
-- Trigrams know no tenant; the search function joins the tenant's condition to them.
CREATE INDEX records_search_idx ON records USING gin (search_text gin_trgm_ops);
SELECT confine_to_tenant('records');

CREATE TABLE record_versions (
    tenant_id uuid NOT NULL,
    record_id uuid NOT NULL,
    version bigint NOT NULL,
    hash bytea NOT NULL,
    -- The canonical record.
    payload jsonb NOT NULL,
    modified_at timestamptz,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, record_id, version),
    FOREIGN KEY (tenant_id, record_id) REFERENCES records (tenant_id, id) ON DELETE CASCADE
);
SELECT confine_to_tenant('record_versions');

-- A record that waits for others, which have to be mended or finished first.
CREATE TABLE record_waits (
    tenant_id uuid NOT NULL,
    waits_for uuid NOT NULL,
    record_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, waits_for, record_id),
    FOREIGN KEY (tenant_id, record_id) REFERENCES records (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, waits_for) REFERENCES records (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX record_waits_record_idx ON record_waits (tenant_id, record_id);
SELECT confine_to_tenant('record_waits');

-- How many records stand where: changes are appended by the trigger below and folded into the totals now and then, so
-- that no two workers wait for one counter's row.
CREATE TABLE record_counts (
    tenant_id uuid NOT NULL,
    sync_id uuid NOT NULL,
    status text NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (tenant_id, sync_id, status),
    FOREIGN KEY (tenant_id, sync_id) REFERENCES syncs (tenant_id, id) ON DELETE CASCADE
);
SELECT confine_to_tenant('record_counts');

CREATE TABLE record_count_deltas (
    tenant_id uuid NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    sync_id uuid NOT NULL,
    status text NOT NULL,
    delta bigint NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, sync_id) REFERENCES syncs (tenant_id, id) ON DELETE CASCADE
);
SELECT confine_to_tenant('record_count_deltas');

CREATE FUNCTION count_inserted_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO record_count_deltas (tenant_id, sync_id, status, delta)
    SELECT tenant_id, sync_id, status, count(*) FROM after_rows GROUP BY tenant_id, sync_id, status;
    RETURN NULL;
END
$$;
CREATE FUNCTION count_updated_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO record_count_deltas (tenant_id, sync_id, status, delta)
    SELECT tenant_id, sync_id, status, sum(n)
    FROM (
        SELECT tenant_id, sync_id, status, 1 AS n FROM after_rows
        UNION ALL
        SELECT tenant_id, sync_id, status, -1 FROM before_rows
    ) moved
    GROUP BY tenant_id, sync_id, status
    HAVING sum(n) <> 0;
    RETURN NULL;
END
$$;
CREATE FUNCTION count_deleted_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A sync that goes away takes its counters along.
    INSERT INTO record_count_deltas (tenant_id, sync_id, status, delta)
    SELECT gone.tenant_id, gone.sync_id, gone.status, -count(*)
    FROM before_rows gone
    JOIN syncs ON syncs.tenant_id = gone.tenant_id AND syncs.id = gone.sync_id
    GROUP BY gone.tenant_id, gone.sync_id, gone.status;
    RETURN NULL;
END
$$;
CREATE TRIGGER records_counted_on_insert AFTER INSERT ON records
REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_records();
CREATE TRIGGER records_counted_on_update AFTER UPDATE ON records
REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION count_updated_records();
CREATE TRIGGER records_counted_on_delete AFTER DELETE ON records
REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_records();

-- Row-level security keeps LIKE away from the trigram index, because LIKE is not leakproof. This function reads as the
-- system role and takes the tenant from the transaction's setting, never from an argument. `towards` is 'older' or
-- 'newer' than the position.
CREATE FUNCTION search_records(
    needle text, in_sync uuid, of_entity text, in_status text,
    towards text, position_at timestamptz, position_id uuid, at_most int
) RETURNS TABLE (id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT records.id
    FROM records
    WHERE records.tenant_id = current_tenant()
        AND records.search_text LIKE '%' || replace(replace(replace(lower(needle), '\', '\\'), '%', '\%'), '_', '\_') || '%'
        AND (in_sync IS NULL OR records.sync_id = in_sync)
        AND (of_entity IS NULL OR records.entity = of_entity)
        AND (in_status IS NULL OR records.status = in_status)
        AND (
            position_at IS NULL
            OR (towards = 'older' AND (records.updated_at, records.id) < (position_at, position_id))
            OR (towards = 'newer' AND (records.updated_at, records.id) > (position_at, position_id))
        )
    ORDER BY
        CASE WHEN towards = 'newer' THEN records.updated_at END ASC,
        CASE WHEN towards = 'newer' THEN records.id END ASC,
        records.updated_at DESC, records.id DESC
    LIMIT at_most
$$;
GRANT CREATE ON SCHEMA public TO syncline_system;
ALTER FUNCTION search_records OWNER TO syncline_system;
REVOKE CREATE ON SCHEMA public FROM syncline_system;
REVOKE EXECUTE ON FUNCTION search_records FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_records TO syncline_app;
