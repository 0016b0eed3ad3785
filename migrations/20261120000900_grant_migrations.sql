-- The readiness check compares the applied migrations with those that the program knows. The table is the migrator's.
DO $$
BEGIN
    IF to_regclass('public._sqlx_migrations') IS NOT NULL THEN
        GRANT SELECT ON _sqlx_migrations TO syncline_system;
    END IF;
END
$$;
