CREATE TABLE syncs (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    entity text NOT NULL,
    source_connection_id uuid NOT NULL,
    destination_connection_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'active',
    max_attempts int NOT NULL DEFAULT 5,
    -- The newest change at the source that a completed listing has seen, by the source's clock.
    watermark_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, source_connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, destination_connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT syncs_pair_key UNIQUE (tenant_id, source_connection_id, destination_connection_id, entity),
    CONSTRAINT syncs_two_systems_check CHECK (source_connection_id <> destination_connection_id),
    CONSTRAINT syncs_entity_check CHECK (entity IN ('order', 'customer', 'product')),
    CONSTRAINT syncs_state_check CHECK (state IN ('active', 'paused')),
    CONSTRAINT syncs_attempts_check CHECK (max_attempts BETWEEN 1 AND 100)
);
CREATE INDEX syncs_destination_idx ON syncs (tenant_id, destination_connection_id);
SELECT confine_to_tenant('syncs');

CREATE TABLE schedules (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    sync_id uuid NOT NULL,
    phase text NOT NULL,
    every_seconds int NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    next_run_at timestamptz NOT NULL,
    last_run_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, sync_id) REFERENCES syncs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT schedules_phase_key UNIQUE (tenant_id, sync_id, phase),
    CONSTRAINT schedules_phase_check CHECK (phase IN ('prepare', 'process', 'full_prepare')),
    CONSTRAINT schedules_interval_check CHECK (every_seconds BETWEEN 60 AND 604800)
);
-- The dispatcher asks for what is due across tenants, so this index does not begin with the tenant.
CREATE INDEX schedules_due_idx ON schedules (next_run_at) WHERE enabled;
SELECT confine_to_tenant('schedules');
