"""SQL that the first migration installs, before any table; a later change is a new migration."""

FOLD = """
CREATE FUNCTION clinic_fold(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT lower(unaccent('unaccent'::regdictionary, value)) $$;
"""

AUDIT_ROW = """
CREATE FUNCTION clinic_audit_row(
    changed_table text, operation text, changed_row text,
    of_clinic bigint, of_patient bigint, old_row jsonb, new_row jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    actor jsonb := nullif(current_setting('taper.actor', true), '')::jsonb;
    was jsonb := old_row;
    became jsonb := new_row;
BEGIN
    IF actor IS NULL THEN
        RAISE EXCEPTION 'taper: a write to % without an actor', changed_table
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF operation = 'UPDATE' THEN
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, new_row -> o.key)
            INTO was, became
            FROM jsonb_each(old_row) AS o
            WHERE o.value IS DISTINCT FROM new_row -> o.key;
        IF became IS NULL THEN RETURN; END IF;
    END IF;
    INSERT INTO clinic_auditevent
        (event, actor_kind, actor_id, actor_label, clinic_id, patient_id,
         table_name, row_id, before, after, detail)
    VALUES
        ('row.' || lower(operation), actor ->> 'kind', (actor ->> 'id')::bigint, actor ->> 'label',
         of_clinic, of_patient, changed_table, changed_row, was, became, '{}');
END;
$$;
"""

CACHE = """
CREATE TABLE clinic_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX clinic_cache_expires ON clinic_cache (expires);
"""
