-- Months of what only grows are dropped whole once they are older than the retention time; nothing of it holds a lock for
-- longer than a second. What a partition's predecessor left in the DEFAULT partition moves into its own month.
CREATE INDEX runs_finished_idx ON runs (finished_at) WHERE finished_at IS NOT NULL;

-- Makes the partitions of the month of `at` and of the next two. Runs as the owner, because it makes tables. A month whose
-- rows lie in the DEFAULT partition already gets them: made beside the parent, filled, and attached, so that writers of
-- other months are not held up. When a lock cannot be had within a second it gives up; the next call goes on.
CREATE OR REPLACE FUNCTION ensure_partitions(at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s'
AS $$
DECLARE
    parent text;
    month timestamptz;
    part text;
    from_id uuid;
    to_id uuid;
BEGIN
    -- Months of UTC, whatever the session's zone: two sessions must cut at the same instants.
    FOREACH parent IN ARRAY ARRAY['attempts', 'activity'] LOOP
        FOR ahead IN 0..2 LOOP
            month := (date_trunc('month', at AT TIME ZONE 'UTC') + make_interval(months => ahead)) AT TIME ZONE 'UTC';
            part := format('%s_%s', parent, to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'));
            CONTINUE WHEN to_regclass(part) IS NOT NULL;
            from_id := uuid_floor(month);
            to_id := uuid_floor((month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
            EXECUTE format(
                'WITH moved AS (DELETE FROM %I WHERE id >= %L AND id < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
                parent || '_rest', from_id, to_id, part);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, from_id, to_id);
        END LOOP;
    END LOOP;
END
$$;

-- Drops one month whose every row is older than `before` and says which; NULL when there is none, 'busy' when its lock
-- could not be had within a second.
CREATE FUNCTION drop_partition(before timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s'
AS $$
DECLARE
    part text;
BEGIN
    SELECT child.relname INTO part
    FROM pg_inherits
    JOIN pg_class AS parent ON parent.oid = pg_inherits.inhparent
    JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
    WHERE parent.relname IN ('attempts', 'activity', 'inbox') AND parent.relnamespace = 'public'::regnamespace
        AND child.relname ~ '_[0-9]{4}_[0-9]{2}$'
        AND (to_date(right(child.relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= before
    ORDER BY child.relname
    LIMIT 1;
    IF part IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('DROP TABLE %I', part);
    RETURN part;
EXCEPTION
    WHEN lock_not_available THEN RETURN 'busy';
END
$$;
REVOKE EXECUTE ON FUNCTION drop_partition FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_partition TO syncline_system;
COMMENT ON TABLE attempts IS 'One try at one record. Months are partitions, dropped whole by drop_partition.';
COMMENT ON TABLE activity IS 'The timeline and live events. Months are partitions, dropped whole by drop_partition.';
COMMENT ON TABLE attempts_rest IS 'Rows of months without a partition of their own; ensure_partitions moves them there.';
COMMENT ON TABLE activity_rest IS 'Rows of months without a partition of their own; ensure_partitions moves them there.';

-- Sessions of a connection that was edited or deleted: the keeper logs them out with the settings they were opened with.
CREATE TABLE ended_sessions (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    vendor text NOT NULL,
    settings jsonb NOT NULL,
    session_sealed bytea NOT NULL,
    -- The holder's deadline has passed by then; after a try that failed, the next one.
    not_before timestamptz NOT NULL,
    tries int NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ended_sessions_due_idx ON ended_sessions (not_before);
SELECT confine_to_tenant('ended_sessions');
