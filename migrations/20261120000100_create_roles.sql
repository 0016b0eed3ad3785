-- Two roles beside the owner who runs this: the application's, which row-level security confines to one tenant, and the
-- system's, for the few things that cross tenants. Roles belong to the cluster, so another database may have made them.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['syncline_app', 'syncline_system'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
        END;
        -- From PostgreSQL 16 on, making a role does not yet let its maker become it.
        IF NOT pg_has_role(current_user, wanted, 'MEMBER') OR current_setting('server_version_num')::int >= 160000 THEN
            BEGIN
                EXECUTE format('GRANT %I TO %I', wanted, current_user);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
    END LOOP;
END
$$;

CREATE EXTENSION IF NOT EXISTS pg_trgm;

GRANT USAGE ON SCHEMA public TO syncline_app, syncline_system;

-- The tenant that the current transaction was opened for; NULL outside of one, which matches no row.
CREATE FUNCTION current_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT NULLIF(current_setting('app.tenant_id', true), '')::uuid $$;

-- Row-level security for a tenant's table: the application sees the current tenant's rows, the system role all of them,
-- and the owner, who is forced too, none.
CREATE FUNCTION confine_to_tenant(target regclass, tenant_column text DEFAULT 'tenant_id') RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY tenant_only ON %s TO syncline_app USING (%I = (SELECT current_tenant())) '
        'WITH CHECK (%I = (SELECT current_tenant()))', target, tenant_column, tenant_column);
    EXECUTE format('CREATE POLICY all_tenants ON %s TO syncline_system USING (true) WITH CHECK (true)', target);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO syncline_app, syncline_system', target);
END
$$;
