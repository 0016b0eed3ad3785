-- About a table that was never analysed PostgreSQL knows nothing but its size. Then every index that begins with the
-- tenant looks as good as the primary key, and whatever asks for a record by its id, each check of a foreign key
-- included, reads all the records of the tenant. Autovacuum comes by within a minute, which for a first large sync is
-- late: 10,000 records were 12 s of such checks, and 0.2 s once the first page was known.

-- Analyses the tables of the Sync History while they are next to empty. `true` when they are known well enough, so that
-- nobody needs to ask again.
CREATE FUNCTION analyse_new_tables() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF (SELECT reltuples >= 200 FROM pg_class WHERE oid = 'records'::regclass) THEN
        RETURN true;
    END IF;
    -- Two that analyse one table wait for each other, and one is enough.
    IF pg_try_advisory_xact_lock(7214) THEN
        ANALYZE records;
        ANALYZE record_versions;
        ANALYZE key_locks;
    END IF;
    RETURN false;
END
$$;
REVOKE EXECUTE ON FUNCTION analyse_new_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION analyse_new_tables TO syncline_app;

-- A claim and an intent change no column that stands in an index. With room for the new row in the old one's page the
-- indexes need not be touched, which is most of what such a change costs. The table grows no larger for it: each record
-- is rewritten at least three times before it rests.
ALTER TABLE records SET (fillfactor = 50);
