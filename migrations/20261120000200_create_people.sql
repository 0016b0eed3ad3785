CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    slug text NOT NULL,
    name text NOT NULL,
    -- The tenant's data key, wrapped by the master key of that version.
    data_key_sealed bytea NOT NULL,
    master_key_version int NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT tenants_slug_key UNIQUE (slug)
);
SELECT confine_to_tenant('tenants', 'id');

-- People are not a tenant's: one person may belong to several. Only the system role reads them.
CREATE TABLE users (
    id uuid PRIMARY KEY,
    -- Lower case.
    email text NOT NULL,
    -- Argon2id, in the PHC format.
    password_hash text NOT NULL,
    last_tenant_id uuid REFERENCES tenants (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT users_email_key UNIQUE (email)
);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY all_people ON users TO syncline_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON users TO syncline_system;

CREATE TABLE memberships (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT memberships_role_check CHECK (role IN ('owner', 'admin', 'approver', 'operator', 'auditor'))
);
-- A person's organisations are asked for across tenants, on every request.
CREATE INDEX memberships_user_idx ON memberships (user_id);
SELECT confine_to_tenant('memberships');

CREATE TABLE sessions (
    -- SHA-256 of the id in the cookie: whoever reads the table cannot sign in with it.
    id_hash bytea PRIMARY KEY,
    user_id uuid REFERENCES users (id) ON DELETE CASCADE,
    data jsonb NOT NULL,
    address text,
    user_agent text,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user_idx ON sessions (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX sessions_expires_idx ON sessions (expires_at);
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY all_sessions ON sessions TO syncline_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO syncline_system;

-- Failed sign-ins, per address and per client, in windows.
CREATE TABLE signin_limits (
    -- SHA-256 of `email:…` or `client:…`.
    key_hash bytea PRIMARY KEY,
    failures int NOT NULL,
    window_ends_at timestamptz NOT NULL
);
CREATE INDEX signin_limits_window_idx ON signin_limits (window_ends_at);
ALTER TABLE signin_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE signin_limits FORCE ROW LEVEL SECURITY;
CREATE POLICY all_limits ON signin_limits TO syncline_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON signin_limits TO syncline_system;
