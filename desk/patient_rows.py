"""Which patients a list shows and what it says of each, in one statement.

A search reads the next `AHEAD` patients of the list first: what many have in common is found
there. Otherwise it asks the trigram index and sorts what that finds. So neither a common nor a rare
part of a name reads the whole table.
"""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from clinic.models import Clinic
from clinic.statements import table
from monitoring.models import VitalSigns
from patients import finding
from patients.models import Patient
from sessions.lifecycle import HOLDING
from sessions.models import Protocol, ProtocolPhase, TreatmentCourse, TreatmentSession

AHEAD = 2000
ORDER = "family_name, given_name, id"
# In the order of `Found`.
COLUMNS = """
    p.public_id::text, p.given_name, p.family_name, p.record_number, p.birth_date, p.deceased,
    course.title, next.public_id::text, next.status, next.starts_at, next.phase, next.number,
    next.out_of
"""
VALUES = ", last.systolic, last.diastolic, last.spo2, last.observed_at"


class Found(NamedTuple):
    public_id: str
    given_name: str
    family_name: str
    record_number: str
    birth_date: date
    deceased: bool
    course: str | None
    session: str | None
    status: str
    starts_at: datetime
    phase: str
    number: int
    out_of: int | None
    systolic: int | None = None
    diastolic: int | None = None
    spo2: int | None = None
    observed_at: datetime | None = None


def read(
    clinic: Clinic, text: str, show: str, after: UUID | None, *, limit: int, values: bool
) -> tuple[datetime, list[Found]]:
    """Return the database's time and at most so many patients; `values` adds vital signs."""
    wanted = finding.understand(text)
    conditions, typed = _matches(wanted)
    given: dict[str, Any] = {
        "clinic": clinic.pk,
        "after": after,
        "ahead": AHEAD,
        "limit": limit,
        "holding": HOLDING,
        "running": TreatmentCourse.Status.ACTIVE,
        **typed,
    }
    with connection.cursor() as cursor:
        cursor.execute(_sql(conditions, show, after is not None, values), given)
        rows = cursor.fetchall()
    return rows[0][0], [Found(*row[1:]) for row in rows if row[1] is not None]


def _sql(conditions: str, show: str, goes_on: bool, values: bool) -> str:
    found = _search(conditions, show, goes_on) if conditions else _list(show, goes_on)
    return f"""
        WITH {_place() if goes_on else ""} {found}
        SELECT moment.at, {COLUMNS}{VALUES if values else ""}
        FROM (SELECT clock_timestamp() AS at) AS moment
        LEFT JOIN found ON true
        LEFT JOIN {table(Patient)} p ON p.id = found.id
        LEFT JOIN LATERAL (
            SELECT protocol.short_title AS title FROM {table(TreatmentCourse)} c
            JOIN {table(Protocol)} protocol ON protocol.id = c.protocol_id
            WHERE c.patient_id = found.id AND c.status = %(running)s LIMIT 1
        ) AS course ON true
        LEFT JOIN LATERAL (
            SELECT s.public_id, s.status, s.starts_at, s.number_in_phase AS number,
                   phase.name AS phase, phase.count AS out_of
            FROM {table(TreatmentSession)} s
            JOIN {table(ProtocolPhase)} phase ON phase.id = s.phase_id
            WHERE s.patient_id = found.id AND s.status = ANY(%(holding)s)
            ORDER BY s.starts_at LIMIT 1
        ) AS next ON true
        {_last_values() if values else ""}
        ORDER BY found.family_name, found.given_name, found.id
    """


def _place() -> str:
    """Name the last row of the page before; its name never enters an address."""
    return f"""
        place AS MATERIALIZED (
            SELECT {ORDER} FROM {table(Patient)}
            WHERE clinic_id = %(clinic)s AND public_id = %(after)s
        ),
    """


def _here(goes_on: bool) -> str:
    """A place that is nobody's is the beginning."""
    later = f"""
        AND ({ORDER}) > (coalesce((SELECT family_name FROM place), ''),
            coalesce((SELECT given_name FROM place), ''), coalesce((SELECT id FROM place), 0))
    """
    return f"clinic_id = %(clinic)s AND merged_into_id IS NULL {later if goes_on else ''}"


def _list(show: str, goes_on: bool) -> str:
    return f"""
        found AS MATERIALIZED (
            SELECT {ORDER} FROM {table(Patient)} patient
            WHERE {_here(goes_on)} {_shown(show, "patient")} ORDER BY {ORDER} LIMIT %(limit)s
        )
    """


def _search(conditions: str, show: str, goes_on: bool) -> str:
    wanted = f"{conditions} {_shown(show, 'patient')}"
    return f"""
        near AS MATERIALIZED (
            SELECT {ORDER} FROM (
                SELECT {ORDER}, search_text, birth_date FROM {table(Patient)}
                WHERE {_here(goes_on)} ORDER BY {ORDER} LIMIT %(ahead)s
            ) AS patient
            WHERE {wanted} ORDER BY {ORDER} LIMIT %(limit)s
        ),
        found AS MATERIALIZED (
            SELECT * FROM near WHERE (SELECT count(*) FROM near) = %(limit)s
            UNION ALL (
                SELECT * FROM (
                    SELECT {ORDER} FROM {table(Patient)} patient
                    WHERE {_here(goes_on)} AND {wanted} OFFSET 0
                ) AS anywhere
                WHERE (SELECT count(*) FROM near) < %(limit)s ORDER BY {ORDER} LIMIT %(limit)s
            )
        )
    """


def _matches(wanted: finding.Wanted) -> tuple[str, dict[str, Any]]:
    """Return the condition, empty when everybody is wanted, and what was typed by its names."""
    conditions: list[str] = []
    typed: dict[str, Any] = {}
    for days in wanted.births:
        name = f"typed{len(typed)}"
        typed[name] = list(days)
        conditions.append(f"birth_date = ANY(%({name})s)")
    for patterns in wanted.words:
        any_of = []
        for pattern in patterns:
            name = f"typed{len(typed)}"
            typed[name] = pattern
            any_of.append(f"search_text LIKE clinic_fold(%({name})s)")
        conditions.append(f"({' OR '.join(any_of) or 'false'})")
    return " AND ".join(conditions), typed


def _shown(show: str, row: str) -> str:
    running = f"""
        EXISTS (SELECT FROM {table(TreatmentCourse)} c
                WHERE c.patient_id = {row}.id AND c.status = %(running)s)
    """
    return {"course": f"AND {running}", "none": f"AND NOT {running}"}.get(show, "")


def _last_values() -> str:
    """Visits of one patient never overlap: the last observed are of the last visit with any."""
    return f"""
        LEFT JOIN LATERAL (
            SELECT v.systolic, v.diastolic, v.spo2, v.observed_at
            FROM {table(TreatmentSession)} s
            CROSS JOIN LATERAL (
                SELECT * FROM {table(VitalSigns)} sign
                WHERE sign.treatment_session_id = s.id AND NOT sign.entered_in_error
                    AND NOT EXISTS (
                        SELECT FROM {table(VitalSigns)} later WHERE later.supersedes_id = sign.id
                    )
                ORDER BY sign.observed_at DESC LIMIT 1
            ) AS v
            WHERE s.patient_id = found.id ORDER BY s.starts_at DESC LIMIT 1
        ) AS last ON true
    """
