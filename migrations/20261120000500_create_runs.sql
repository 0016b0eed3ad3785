CREATE TABLE runs (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    sync_id uuid,
    connection_id uuid,
    phase text NOT NULL,
    state text NOT NULL,
    trigger text NOT NULL,
    -- Who started it: kept as text, so that it outlives the person's account.
    actor text,
    -- Raised whenever a worker takes the run on; what an older epoch tries to commit is refused.
    epoch int NOT NULL DEFAULT 0,
    heartbeat_at timestamptz,
    wake_at timestamptz,
    crashes int NOT NULL DEFAULT 0,
    -- How often in a row the run could not go on because a system did not answer.
    setbacks int NOT NULL DEFAULT 0,
    -- Where the phase stands: its own business.
    cursor jsonb,
    -- What a connection test is to try, sealed: it may contain credentials that were never saved.
    input_sealed bytea,
    total bigint,
    done bigint NOT NULL DEFAULT 0,
    changed bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    -- Process follows when this prepare has found something.
    chain boolean NOT NULL DEFAULT false,
    message text,
    outcome jsonb,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, sync_id) REFERENCES syncs (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT runs_phase_check CHECK (phase IN ('prepare', 'process', 'full_prepare', 'test')),
    CONSTRAINT runs_state_check CHECK (
        state IN ('queued', 'running', 'waiting', 'succeeded', 'completed_with_errors', 'failed', 'cancelled')
    ),
    CONSTRAINT runs_trigger_check CHECK (trigger IN ('schedule', 'manual', 'webhook', 'chained'))
) WITH (fillfactor = 50);
-- At most one active run of a phase of a sync: the database is the judge.
CREATE UNIQUE INDEX runs_active_key ON runs (tenant_id, sync_id, phase)
WHERE sync_id IS NOT NULL AND state IN ('queued', 'running', 'waiting');
CREATE INDEX runs_sync_idx ON runs (tenant_id, sync_id, created_at DESC);
CREATE INDEX runs_recent_idx ON runs (tenant_id, created_at DESC);
CREATE INDEX runs_connection_idx ON runs (tenant_id, connection_id) WHERE connection_id IS NOT NULL;
-- The sweeper asks across tenants; few rows are active at any time.
CREATE INDEX runs_sweep_idx ON runs (state, heartbeat_at, wake_at) WHERE state IN ('queued', 'running', 'waiting');
SELECT confine_to_tenant('runs');
