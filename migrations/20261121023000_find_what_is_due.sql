-- Whether a sync has records due. Its cost must not grow with the records: the index of what is due is ordered by priority
-- first, so the priorities that occur are walked through (there are a handful), and each is asked for its earliest record.
CREATE FUNCTION has_due_records(tenant uuid, sync uuid, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    WITH RECURSIVE priorities AS (
        (
            SELECT records.priority FROM records
            WHERE records.tenant_id = tenant AND records.sync_id = sync AND records.status IN ('prepared', 'failed')
            ORDER BY records.priority DESC
            LIMIT 1
        )
        UNION ALL
        SELECT (
            SELECT records.priority FROM records
            WHERE records.tenant_id = tenant AND records.sync_id = sync AND records.status IN ('prepared', 'failed')
                AND records.priority < priorities.priority
            ORDER BY records.priority DESC
            LIMIT 1
        )
        FROM priorities
        WHERE priorities.priority IS NOT NULL
    )
    SELECT EXISTS (
        SELECT FROM priorities
        CROSS JOIN LATERAL (
            SELECT FROM records
            WHERE records.tenant_id = tenant AND records.sync_id = sync AND records.status IN ('prepared', 'failed')
                AND records.priority = priorities.priority AND records.next_attempt_at <= at
            ORDER BY records.next_attempt_at
            LIMIT 1
        ) AS due
    )
$$;
