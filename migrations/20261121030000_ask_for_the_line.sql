-- Whether a slice that has done its share may go on, because nobody would come before its successor: no run of the same
-- queue waits for a worker, whoever's it is, and none of the tenant's own waits for a session of the slice's connections.
-- It reads as the system role, takes the tenant from the transaction's setting, and says yes or no.
CREATE FUNCTION is_line_empty(of_phases text[], of_connections uuid[], at timestamptz, soon timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT NOT EXISTS (
        SELECT FROM runs
        WHERE phase = ANY(of_phases) AND (state = 'queued' OR (state = 'waiting' AND wake_at <= at))
    ) AND NOT EXISTS (
        SELECT FROM runs
        LEFT JOIN syncs ON syncs.tenant_id = runs.tenant_id AND syncs.id = runs.sync_id
        WHERE runs.tenant_id = current_tenant()
            AND (runs.state = 'queued' OR (runs.state = 'waiting' AND runs.wake_at <= soon))
            AND (runs.connection_id = ANY(of_connections)
                OR syncs.source_connection_id = ANY(of_connections)
                OR syncs.destination_connection_id = ANY(of_connections))
    )
$$;
GRANT CREATE ON SCHEMA public TO syncline_system;
ALTER FUNCTION is_line_empty OWNER TO syncline_system;
REVOKE CREATE ON SCHEMA public FROM syncline_system;
REVOKE EXECUTE ON FUNCTION is_line_empty FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_line_empty TO syncline_app;
