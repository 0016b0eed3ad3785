-- What only grows is in time partitions, cut at the months' beginnings by the time in the UUIDv7, and is dropped by age.
CREATE TABLE attempts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    record_id uuid NOT NULL,
    run_id uuid NOT NULL,
    number int NOT NULL,
    version bigint NOT NULL,
    started_at timestamptz NOT NULL,
    duration_ms int NOT NULL,
    operation text NOT NULL,
    error text,
    error_code text,
    error_field text,
    request text,
    response text,
    changes jsonb,
    PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX attempts_record_idx ON attempts (tenant_id, record_id, id DESC);
CREATE TABLE attempts_rest PARTITION OF attempts DEFAULT;
SELECT confine_to_tenant('attempts');

CREATE TABLE activity (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    -- 'line' is for people; 'run' and 'records' are for live screens only.
    kind text NOT NULL,
    body jsonb NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT activity_kind_check CHECK (kind IN ('line', 'run', 'records'))
) PARTITION BY RANGE (id);
CREATE INDEX activity_lines_idx ON activity (tenant_id, id DESC) WHERE kind = 'line';
CREATE TABLE activity_rest PARTITION OF activity DEFAULT;
SELECT confine_to_tenant('activity');

-- The smallest UUIDv7 of a time.
CREATE FUNCTION uuid_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid $$;

-- Makes the partitions of the month of `at` and of the next two. Runs as the owner, because it makes tables.
CREATE FUNCTION ensure_partitions(at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    parent text;
    month timestamptz;
    part text;
BEGIN
    -- Months of UTC, whatever the session's zone: two sessions must cut at the same instants.
    FOREACH parent IN ARRAY ARRAY['attempts', 'activity'] LOOP
        FOR ahead IN 0..2 LOOP
            month := (date_trunc('month', at AT TIME ZONE 'UTC') + make_interval(months => ahead)) AT TIME ZONE 'UTC';
            part := format('%s_%s', parent, to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'));
            IF to_regclass(part) IS NULL THEN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part, parent, uuid_floor(month),
                    uuid_floor((month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'));
            END IF;
        END LOOP;
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION ensure_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_partitions TO syncline_system;
