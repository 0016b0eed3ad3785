-- A text that none of the newest few rows has is rare, or was so for a while: its trigrams find it at once, and walking
-- thousands of rows first would only cost. One that some of them have is looked for among more of the newest, and only then
-- by its trigrams, whose lists are long for a common text. So neither look grows with the history.
CREATE OR REPLACE FUNCTION search_records(
    needle text, in_sync uuid, of_entity text, in_status text,
    towards text, position_at timestamptz, position_id uuid, at_most int
) RETURNS TABLE (id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    first_rows CONSTANT int := 1500;
    near_rows CONSTANT int := 15000;
    pattern text := '%' || replace(replace(replace(lower(needle), '\', '\\'), '%', '\%'), '_', '\_') || '%';
    conditions text := 'r.tenant_id = current_tenant()';
    ordering text;
    look text;
    near uuid[];
BEGIN
    -- Conditions that are not asked for are left out, so that each combination is planned with the index that fits it.
    -- Values come as parameters only.
    IF in_sync IS NOT NULL THEN
        conditions := conditions || ' AND r.sync_id = $1';
    END IF;
    IF of_entity IS NOT NULL THEN
        conditions := conditions || ' AND r.entity = $2';
    END IF;
    IF in_status IS NOT NULL THEN
        conditions := conditions || ' AND r.status = $3';
    END IF;
    IF towards = 'newer' THEN
        ordering := 'r.updated_at, r.id';
        conditions := conditions || ' AND ($4 IS NULL OR (r.updated_at, r.id) > ($4, $5))';
    ELSE
        ordering := 'r.updated_at DESC, r.id DESC';
        conditions := conditions || ' AND ($4 IS NULL OR (r.updated_at, r.id) < ($4, $5))';
    END IF;
    look := format(
        'SELECT array_agg(hit.id) FROM (
            SELECT near.id
            FROM (SELECT r.id, r.search_text FROM records r WHERE %s ORDER BY %s LIMIT $8) near
            WHERE near.search_text LIKE $6
            LIMIT $7
        ) hit', conditions, ordering);
    EXECUTE look INTO near
    USING in_sync, of_entity, in_status, position_at, position_id, pattern, at_most, first_rows;
    IF cardinality(near) < at_most THEN
        EXECUTE look INTO near
        USING in_sync, of_entity, in_status, position_at, position_id, pattern, at_most, near_rows;
    END IF;
    IF cardinality(near) >= at_most THEN
        RETURN QUERY SELECT hit.id FROM unnest(near) WITH ORDINALITY AS hit (id, place) ORDER BY hit.place;
        RETURN;
    END IF;
    -- Materialised, because the planner would otherwise walk the newest records for a text that hardly any of them has.
    RETURN QUERY EXECUTE format(
        'WITH hits AS MATERIALIZED (
            SELECT r.id, r.updated_at FROM records r WHERE %s AND r.search_text LIKE $6
        )
        SELECT r.id FROM hits r ORDER BY %s LIMIT $7', conditions, ordering)
    USING in_sync, of_entity, in_status, position_at, position_id, pattern, at_most;
END
$$;
