"""Database triggers that models declare in `Meta.triggers`: audited, kept, append-only."""

import pgtrigger


def audited(
    *,
    clinic: str = "subject.clinic_id",
    patient: str = "subject.patient_id",
    only_when_changed: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
) -> pgtrigger.Trigger:
    """Write an audit event for every insert, update and delete; refuse the write without an actor.

    `clinic` and `patient` are SQL expressions over `subject`, the new row (the old one on delete).
    `only_when_changed` narrows updates to those columns; `without` keeps columns out of the event.
    """
    left_out = "ARRAY[{}]::text[]".format(", ".join(f"'{column}'" for column in without))
    changed = " OR ".join(f"OLD.{c} IS DISTINCT FROM NEW.{c}" for c in only_when_changed) or "TRUE"
    return pgtrigger.Trigger(
        name="audited",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("subject", "RECORD")],
        func=f"""
            IF TG_OP = 'UPDATE' THEN
                IF NOT ({changed}) THEN RETURN NULL; END IF;
            END IF;
            IF TG_OP = 'DELETE' THEN subject := OLD; ELSE subject := NEW; END IF;
            PERFORM clinic_audit_row(
                TG_TABLE_NAME::text, TG_OP, subject.id::text, {clinic}, {patient},
                CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - {left_out} END,
                CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - {left_out} END
            );
            RETURN NULL;
        """,
    )


def kept() -> pgtrigger.Trigger:
    """Refuse to delete: records become *entered in error* or inactive."""
    return pgtrigger.Protect(name="kept", operation=pgtrigger.Delete)


def append_only() -> pgtrigger.Trigger:
    """Refuse to change or delete: a correction is a new row."""
    return pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


def no_truncate() -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="no_truncate",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="""
            IF current_setting('taper.allow_truncate', true) IS DISTINCT FROM 'on' THEN
                RAISE EXCEPTION 'taper: % is never truncated', TG_TABLE_NAME;
            END IF;
            RETURN NULL;
        """,
    )
