"""What the board rests on, in one query: the time, today's counts, and a digest of the rows.

The digest holds the active rows themselves and, for rows that are only ever added, their number and
the sum of their ids: a late commit with a lower id still changes it. Nothing is kept in memory.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models

from clinic.heartbeat import SWEEP
from clinic.models import Chair, Clinic, Heartbeat, Room
from monitoring.models import (
    AdverseEvent,
    AdverseEventResolution,
    DischargeAssessment,
    Escort,
    MissedCheck,
    PreDoseCheck,
    VitalSigns,
)
from patients.models import Consent, Patient, SafetyScreen, Task
from sessions.lifecycle import PRESENT
from sessions.models import ChairStay, Dose, DoseOrder, InfusionEvent, TreatmentSession

ADDED_ONLY: tuple[type[models.Model], ...] = (
    VitalSigns,
    Dose,
    InfusionEvent,
    ChairStay,
    PreDoseCheck,
    MissedCheck,
    AdverseEvent,
    AdverseEventResolution,
    Escort,
    DischargeAssessment,
)
ON_CHART: tuple[type[models.Model], ...] = (Consent, SafetyScreen)
CLOCK = "clock_timestamp()"
SILENT_AFTER = timedelta(minutes=2)  # four sweeps missed


@dataclass(frozen=True, slots=True)
class Pulse:
    now: datetime
    day_begin: datetime
    day_end: datetime
    counts: dict[str, int]
    chairs: int
    clock_jumped_at: datetime | None
    mail_is_silent: bool  # no sweep has finished lately
    digest: str


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _sql() -> str:
    """Names of tables and of the clock come from this code; every value is a parameter."""
    added = "".join(
        f"(SELECT concat(count(*), ' ', sum(id)) FROM {_table(model)}"
        " WHERE treatment_session_id IN (SELECT id FROM present)), "
        for model in ADDED_ONLY
    )
    on_chart = "".join(
        f"(SELECT md5(string_agg(md5(c::text), '' ORDER BY id)) FROM {_table(model)} c"
        " WHERE patient_id IN (SELECT patient_id FROM present)), "
        for model in ON_CHART
    )
    return f"""
        WITH moment AS MATERIALIZED (
            SELECT at, midnight AT TIME ZONE %(zone)s AS day_begin,
                   (midnight + interval '1 day') AT TIME ZONE %(zone)s AS day_end
            FROM (SELECT at, date_trunc('day', at AT TIME ZONE %(zone)s) AS midnight
                  FROM (SELECT {CLOCK} AS at) AS clock) AS today
        ),
        present AS MATERIALIZED (
            SELECT * FROM {_table(TreatmentSession)}
            WHERE clinic_id = %(clinic)s AND status = ANY(%(present)s)
        ),
        active AS MATERIALIZED (
            SELECT * FROM present UNION
            SELECT s.* FROM {_table(TreatmentSession)} s, moment
            WHERE s.clinic_id = %(clinic)s AND s.starts_at >= day_begin AND s.starts_at < day_end
        ),
        sweep AS MATERIALIZED (
            SELECT coalesce(max(beat_at) < at - %(silent)s, true) AS silent
            FROM moment LEFT JOIN {_table(Heartbeat)} ON name = %(sweep)s GROUP BY at
        ),
        places AS MATERIALIZED (
            SELECT c.id, concat_ws(' ', r.name, r.is_active, c.name, c.is_active) AS words,
                   r.is_active AND c.is_active AS in_use
            FROM {_table(Chair)} c JOIN {_table(Room)} r ON r.id = c.room_id
            WHERE r.clinic_id = %(clinic)s
        )
        SELECT at, day_begin, day_end,
            (SELECT jsonb_object_agg(status, number)
             FROM (SELECT status, count(*) AS number FROM active GROUP BY status) AS by_status),
            (SELECT count(*) FROM places WHERE in_use),
            (SELECT max(jumped_at) FROM {_table(Heartbeat)}), silent,
            md5(jsonb_build_array(silent,
                {added} {on_chart}
                (SELECT md5(string_agg(md5(active::text), '' ORDER BY id)) FROM active),
                (SELECT concat(count(*), ' ', sum(id), ' ', count(superseded_at))
                 FROM {_table(DoseOrder)} WHERE course_id IN (SELECT course_id FROM present)),
                (SELECT md5(string_agg(concat_ws('.', id, version, deceased), ' ' ORDER BY id))
                 FROM {_table(Patient)} WHERE id IN (SELECT patient_id FROM active)),
                (SELECT md5(string_agg(md5(t::text), '' ORDER BY id)) FROM {_table(Task)} t
                 WHERE clinic_id = %(clinic)s AND closed_at IS NULL),
                (SELECT md5(string_agg(words, ' ' ORDER BY id)) FROM places)
            )::text)
        FROM moment, sweep
    """


def read(clinic: Clinic) -> Pulse:
    values: dict[str, Any] = {
        "clinic": clinic.pk,
        "zone": clinic.time_zone,
        "present": PRESENT,
        "sweep": SWEEP,
        "silent": SILENT_AFTER,
    }
    with connection.cursor() as cursor:
        cursor.execute(_sql(), values)
        row: tuple[Any, ...] = cursor.fetchone()
    now, day_begin, day_end, counts, chairs, jumped_at, silent, digest = row
    return Pulse(now, day_begin, day_end, _counts(counts), chairs, jumped_at, silent, digest)


def _counts(found: Any) -> dict[str, int]:
    return json.loads(found) if isinstance(found, str) else found or {}
