CREATE TABLE connections (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    name text NOT NULL,
    vendor text NOT NULL,
    settings jsonb NOT NULL,
    -- Field by field: {"password": "<base64 of the sealed value>"}.
    credentials_sealed jsonb NOT NULL,
    state text NOT NULL DEFAULT 'active',
    -- The vendor asked to wait until then; shared by all workers.
    wait_until timestamptz,
    failures_in_row int NOT NULL DEFAULT 0,
    last_ok_at timestamptz,
    last_error text,
    last_error_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT connections_vendor_check CHECK (vendor IN ('shopify', 'acumatica')),
    CONSTRAINT connections_state_check CHECK (state IN ('active', 'paused', 'unauthorised'))
);
CREATE UNIQUE INDEX connections_name_key ON connections (tenant_id, lower(name));
SELECT confine_to_tenant('connections');

-- One slot of a connection's concurrency. The rows are made with the connection; a free one has no run.
CREATE TABLE leases (
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    slot int NOT NULL,
    run_id uuid,
    epoch int,
    -- The holder sends nothing after this time.
    deadline_at timestamptz,
    -- The vendor's session that this slot stands for, so that a successor resumes it or logs it out.
    session_sealed bytea,
    session_used_at timestamptz,
    -- The connection has fewer slots now: nobody takes this one, and it goes once its session is logged out.
    retired boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, connection_id, slot),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);
SELECT confine_to_tenant('leases');
