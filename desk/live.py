"""The live part of the sheet: what its tag rests on, and when time alone changes it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from clinic.models import Heartbeat, User
from clinic.statements import read_one, table
from desk import polling
from desk.digests import ON_CHART, SAID_BEFORE, added, on_site, policies, versions
from desk.sheet import Sheet
from patients.models import Patient
from sessions.models import DoseOrder, Signature, TreatmentSession

CLOCK = "clock_timestamp()"
INSTANT = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
AT_MOST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pulse:
    """The database's time, and a digest of the rows of one session."""

    now: datetime
    clinic_id: int
    digest: str


def read(public_id: UUID, clinic_ids: Iterable[int]) -> Pulse | None:
    """Read the pulse of a session at one of these clinics, in one query."""
    values: dict[str, Any] = {"public_id": public_id, "clinics": list(clinic_ids)}
    row = read_one(_sql(CLOCK), values)
    return Pulse(*row) if row else None


@cache
def _sql(clock: str) -> str:
    """Names of tables and of the clock come from this code, every value is a parameter."""
    on_chart = ", ".join(versions(model, "patient_id = found.patient_id") for model in ON_CHART)
    return f"""
        SELECT {clock}, clinic_id, md5(jsonb_build_array(
            {added("ARRAY[found.id]")}, {on_chart}, {added("ARRAY[found.id]", SAID_BEFORE)},
            {versions(Patient, "id = found.patient_id")},
            {versions(DoseOrder, "course_id = found.course_id")},
            {policies("found.clinic_id")},
            {versions(Signature, "treatment_session_id = found.id")},
            {on_site("found.clinic_id")},
            concat_ws(' ', found.ctid, found.xmin),
            (SELECT max(jumped_at) FROM {table(Heartbeat)})
        )::text)
        FROM {table(TreatmentSession)} found
        WHERE public_id = %(public_id)s AND clinic_id = ANY(%(clinics)s::bigint[])
    """


def state(pulse: Pulse, public_id: UUID, user: User) -> tuple[object, ...]:
    """Return all that the sheet depends on, apart from the time."""
    roles = sorted(user.roles_by_clinic.get(pulse.clinic_id, ()))
    return "sheet", public_id, user.pk, pulse.digest, *roles


def tag(sheet: Sheet, pulse: Pulse) -> str:
    basis = state(pulse, sheet.treatment_session.public_id, sheet.user)
    return polling.tag(basis, changes_at(sheet))


def changes_at(sheet: Sheet) -> datetime:
    """Return the next moment at which time alone changes what is shown."""
    now, settings = sheet.now, sheet.record.settings
    moments: list[datetime | None] = [sheet.treatment_session.ends_at + INSTANT, sheet.rest_until]
    moments.append(sheet.site.changes_at)
    if sheet.rests and sheet.rest_until:
        moments.append(sheet.rest_until + timedelta(minutes=settings.overdue_after_minutes))
    moments.append(_next_day(now.astimezone(sheet.treatment_session.clinic.zone)))
    for check in sheet.due:
        moments += [check.due_at, check.overdue_at, check.opens_at, check.closes_at]
    if sheet.valid_check:
        holds = timedelta(minutes=sheet.dosing.check_minutes)
        moments.append(sheet.valid_check.checked_at + holds + INSTANT)
    recent = timedelta(minutes=settings.recent_minutes) + INSTANT
    for reading in sheet.record.history.readings:
        moments += [reading.observed_at, reading.observed_at + recent]
    for given in sheet.record.administrations:
        moments += [given.started_at, given.ended_at]
    if first := sheet.first_dose:
        opens = first + timedelta(minutes=settings.peak_window_from)
        closes = first + timedelta(minutes=settings.peak_window_to)
        moments += [opens, closes, closes + INSTANT]
    if (ready_at := sheet.minimum_until) and ready_at > now:
        # The words name whole minutes that are still to go.
        moments.append(ready_at - (ready_at - now - INSTANT) // MINUTE * MINUTE)
    return min([moment for moment in moments if moment and moment > now] + [now + AT_MOST])


def _next_day(local: datetime) -> datetime:
    """Return midnight, when an order, a consent or a screen may end."""
    return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
