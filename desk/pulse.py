"""What the board rests on, in one query: the time, today's counts, and a digest of the rows."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from clinic import presence
from clinic.heartbeat import SILENT_AFTER, SWEEP
from clinic.models import Chair, Clinic, HandOver, Heartbeat, OnSite, PresencePolicy, Room, User
from clinic.presence import Site
from clinic.statements import read_one, table
from desk.digests import ON_CHART, SAID_BEFORE, added, on_site, policies, versions
from patients.models import Patient, Task
from sessions.lifecycle import PRESENT
from sessions.models import DoseOrder, TreatmentSession

CLOCK = "clock_timestamp()"


@dataclass(frozen=True, slots=True)
class Pulse:
    now: datetime
    day_begin: datetime
    day_end: datetime
    counts: dict[str, int]
    chairs: int
    clock_jumped_at: datetime | None
    mail_is_silent: bool  # no sweep has finished lately
    site: Site  # which prescribers are here
    hand_over: "Asked | None"  # that waits for an answer
    digest: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A hand-over that waits for its answer."""

    public_id: str
    stay_id: int
    to_id: int
    to: str


def _name(of: str) -> str:
    return f"coalesce(nullif(trim({of}.first_name || ' ' || {of}.last_name), ''), {of}.username)"


def _people_on_site() -> str:
    """Return SQL for the stays that are open, as JSON, the first who came in front."""
    columns = "s.id, s.public_id, s.person_id, s.since, s.confirmed_at, p.first_name, p.last_name"
    return f"""
        (SELECT coalesce(json_agg(here), '[]') FROM (
            SELECT {columns}, p.username FROM {table(OnSite)} s
            JOIN {table(User)} p ON p.id = s.person_id
            WHERE s.clinic_id = %(clinic)s AND s.until IS NULL AND s.corrected_at IS NULL
            ORDER BY s.since, s.id
        ) AS here),
        (SELECT json_build_object('required', required, 'ask_again_minutes', ask_again_minutes)
         FROM {table(PresencePolicy)} WHERE clinic_id = %(clinic)s),
        (SELECT json_build_array(h.public_id, h.stay_id, h.to_id, {_name("p")})
         FROM {table(HandOver)} h JOIN {table(User)} p ON p.id = h.to_id
         JOIN {table(OnSite)} s ON s.id = h.stay_id AND s.until IS NULL
         WHERE h.clinic_id = %(clinic)s AND h.answer = '' ORDER BY h.id LIMIT 1)
    """


@cache
def _sql(clock: str) -> str:
    """Names of tables, states and the clock come from this code; every value is a parameter."""
    present = ", ".join(f"'{status}'" for status in PRESENT)
    here = "(SELECT {} FROM here)::bigint[]"
    on_chart = ", ".join(
        versions(model, f"patient_id = ANY({here.format('patients')})") for model in ON_CHART
    )
    return f"""
        WITH moment AS MATERIALIZED (
            SELECT at, midnight AT TIME ZONE zone AS day_begin,
                   (midnight + interval '1 day') AT TIME ZONE zone AS day_end
            FROM (SELECT at, zone, date_trunc('day', at AT TIME ZONE zone) AS midnight
                  FROM (SELECT {clock} AS at, %(zone)s::text AS zone) AS clock) AS today
        ),
        active AS MATERIALIZED (
            SELECT id, patient_id, course_id, status, true AS is_here,
                   concat_ws(' ', id, ctid, xmin) AS version
            FROM {table(TreatmentSession)}
            WHERE clinic_id = %(clinic)s AND status IN ({present})
            UNION ALL
            SELECT id, patient_id, course_id, status, false, concat_ws(' ', id, ctid, xmin)
            FROM {table(TreatmentSession)}
            WHERE clinic_id = %(clinic)s AND status NOT IN ({present})
              AND starts_at >= (SELECT day_begin FROM moment)
              AND starts_at < (SELECT day_end FROM moment)
        ),
        here AS MATERIALIZED (
            SELECT array_agg(id) FILTER (WHERE is_here) AS sessions,
                   array_agg(patient_id) FILTER (WHERE is_here) AS patients,
                   array_agg(course_id) FILTER (WHERE is_here) AS courses,
                   array_agg(patient_id) AS people
            FROM active
        ),
        sweep AS MATERIALIZED (
            SELECT coalesce(
                (SELECT beat_at < at - %(silent)s FROM {table(Heartbeat)} WHERE name = %(sweep)s),
                true) AS silent
            FROM moment
        ),
        places AS MATERIALIZED (
            SELECT c.id, concat_ws(' ', c.id, c.ctid, c.xmin, r.ctid, r.xmin) AS version,
                   r.is_active AND c.is_active AS in_use
            FROM {table(Chair)} c JOIN {table(Room)} r ON r.id = c.room_id
            WHERE r.clinic_id = %(clinic)s
        )
        SELECT at, day_begin, day_end,
            (SELECT jsonb_object_agg(status, number)
             FROM (SELECT status, count(*) AS number FROM active GROUP BY status) AS by_status),
            (SELECT count(*) FROM places WHERE in_use),
            (SELECT max(jumped_at) FROM {table(Heartbeat)}), silent,
            {_people_on_site()},
            md5(jsonb_build_array(silent, {on_site("%(clinic)s")},
                {added(here.format("sessions"))}, {on_chart},
                {added("(SELECT array_agg(id) FROM active)::bigint[]", SAID_BEFORE)},
                {versions(DoseOrder, f"course_id = ANY({here.format('courses')})")},
                {versions(Patient, f"id = ANY({here.format('people')})")},
                {policies("%(clinic)s")},
                {versions(Task, "clinic_id = %(clinic)s AND closed_at IS NULL")},
                (SELECT string_agg(version, ',' ORDER BY id) FROM active),
                (SELECT string_agg(version, ',' ORDER BY id) FROM places)
            )::text)
        FROM moment, sweep
    """


def read(clinic: Clinic) -> Pulse:
    values: dict[str, Any] = {
        "clinic": clinic.pk,
        "zone": clinic.time_zone,
        "sweep": SWEEP,
        "silent": SILENT_AFTER,
    }
    row = read_one(_sql(CLOCK), values)
    now, day_begin, day_end, counts, chairs, jumped_at, silent, people, policy, asked, digest = row
    return Pulse(
        now,
        day_begin,
        day_end,
        _counts(counts),
        chairs,
        jumped_at,
        silent,
        presence.site(now, PresencePolicy(**(policy or {})), map(_stay, people)),
        Asked(*asked) if asked else None,
        digest,
    )


def _stay(row: dict[str, Any]) -> OnSite:
    person = User(
        pk=row["person_id"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        username=row["username"],
    )
    return OnSite(
        pk=row["id"],
        public_id=row["public_id"],
        person=person,
        since=datetime.fromisoformat(row["since"]),
        confirmed_at=datetime.fromisoformat(row["confirmed_at"]),
    )


def _counts(found: Any) -> dict[str, int]:
    return json.loads(found) if isinstance(found, str) else found or {}
