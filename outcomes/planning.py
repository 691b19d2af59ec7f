"""Tasks for what is due: opened in time, closed when done or no longer asked for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from clinic.audit import acting, system
from clinic.models import Clinic, User
from clinic.times import day_bounds
from outcomes.due import EARLY, Due, History, Visit, due
from outcomes.instruments import Instrument, answered_alone, registry
from outcomes.models import Assessment, OutcomesPolicy
from patients.models import Patient, Task
from patients.services import consent_renewal, tasks
from sessions.lifecycle import DOSED, HOLDING, TOOK_PLACE
from sessions.models import TreatmentCourse, TreatmentSession

AUTHOR = system("open_due_tasks")
LOOK_BACK = timedelta(days=90)  # courses that ended since are asked about
GIVEN = frozenset([*DOSED, *TOOK_PLACE])
KEY = "due"  # of a task, before patient, instrument, day and how often it was recorded before
SETTLED = "It was done, or is no longer asked for."


@dataclass(slots=True)
class Known:
    """What the rules need of some patients."""

    histories: dict[int, History] = field(default_factory=dict)  # of the latest course
    done: Mapping[int, Mapping[str, Sequence[date]]] = field(default_factory=dict)
    recorded: Mapping[tuple[int, str], int] = field(default_factory=dict)


def history_of(
    course: TreatmentCourse, sessions: Iterable[TreatmentSession], zone: object
) -> History:
    """Make the history of a course of its sessions, each with its phase; they come in any order."""
    rows = sorted(sessions, key=lambda row: row.starts_at)
    first = min((row.phase.order for row in rows), default=0)
    visits = [
        Visit(
            row.starts_at.astimezone(zone).date(),  # type: ignore[arg-type]  # a ZoneInfo
            induction=row.phase.order == first,
            given=row.status in GIVEN,
        )
        for row in rows
        if row.status in GIVEN or row.status in HOLDING
    ]
    ended = None
    if course.status != TreatmentCourse.Status.ACTIVE:
        ended = max((visit.day for visit in visits if visit.given), default=course.starts_on)
    return History(course.starts_on, ended, course.protocol.drug, visits)


def read(clinic: Clinic, now: datetime, patient_pk: int | None = None) -> Known:
    """Read the latest course of everybody who may be asked: three statements for any number."""
    mine = {"patient_id": patient_pk} if patient_pk is not None else {}
    courses = TreatmentCourse.objects.filter(
        clinic=clinic, patient__deceased=False, **mine
    ).select_related("protocol")
    latest = {c.patient_id: c for c in courses.order_by("starts_on", "pk")}
    latest |= {c.patient_id: c for c in latest.values() if c.status == c.Status.ACTIVE}
    sessions: dict[int, list[TreatmentSession]] = defaultdict(list)
    rows = TreatmentSession.objects.filter(course__in=[c.pk for c in latest.values()])
    for row in rows.select_related("phase").only(
        "course_id", "number", "starts_at", "status", "phase__order"
    ):
        sessions[row.course_id].append(row)
    known = Known()
    for patient_id, course in latest.items():
        known.histories[patient_id] = history_of(course, sessions[course.pk], clinic.zone)
    known.done, known.recorded = _done(clinic, list(latest))
    return known


def _done(
    clinic: Clinic, patient_pks: list[int]
) -> tuple[dict[int, dict[str, list[date]]], dict[tuple[int, str], int]]:
    done: dict[int, dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
    recorded: dict[tuple[int, str], int] = defaultdict(int)
    rows = Assessment.objects.filter(patient__in=patient_pks).order_by("pk")
    standing = set(rows.standing().values_list("pk", flat=True))
    for row in rows.only("patient_id", "instrument", "observed_at", "incomplete"):
        recorded[row.patient_id, row.instrument] += 1
        if row.pk in standing and not row.incomplete:
            day = row.observed_at.astimezone(clinic.zone).date()
            done[row.patient_id][row.instrument].append(day)
    return done, recorded


def reconcile(patient: Patient, *, by: User | None, now: datetime) -> None:
    """Bring the tasks of a locked patient in line, inside `acting`, after an assessment."""
    known = read(patient.clinic, now, patient.pk)
    _settle(patient.clinic, known, {patient.pk: patient}, now, by)


def open_due(now: datetime) -> dict[str, int]:
    """Bring the tasks of every clinic in line, and ask to renew consents; safe to run again."""
    counts = {"waiting": 0, "consents": 0}
    for clinic in Clinic.objects.order_by("pk"):
        with acting(AUTHOR):
            known = read(clinic, now)
            patients = Patient.objects.in_bulk(list(known.histories))
            counts["waiting"] += _settle(clinic, known, patients, now, None)
            treated = [pk for pk, history in known.histories.items() if history.ended_on is None]
            counts["consents"] += consent_renewal.ask(clinic, treated, now)
    return counts


def _settle(
    clinic: Clinic, known: Known, patients: Mapping[int, Patient], now: datetime, by: User | None
) -> int:
    wanted = {key: (patients[pk], each) for pk, key, each in _wanted(clinic, known, patients, now)}
    open_tasks = Task.objects.open().filter(
        clinic=clinic, kind=Task.Kind.ASSESSMENT, patient__in=list(patients)
    )
    over = [row.pk for row in open_tasks if row.dedupe_key not in wanted]
    tasks.close_for(by=by, note=SETTLED, pk__in=over)
    asked = set(
        Task.objects.filter(dedupe_key__in=list(wanted)).values_list("dedupe_key", flat=True)
    )
    for key, (patient, each) in wanted.items():
        if key not in asked:
            patient.clinic = clinic
            _ask(patient, each, key)
    return len(wanted)


def _wanted(
    clinic: Clinic, known: Known, patients: Mapping[int, Patient], now: datetime
) -> Iterable[tuple[int, str, Due]]:
    policy, today = OutcomesPolicy.of(clinic.pk), now.astimezone(clinic.zone).date()
    until = today + timedelta(days=policy.ask_days_before)
    for pk in patients:
        history = known.histories.get(pk)
        if history is None or (history.ended_on and today - history.ended_on > LOOK_BACK):
            continue
        for each in due(history, known.done.get(pk, {}), today, policy.rules):
            if each.due_on <= until:
                count = known.recorded.get((pk, each.instrument), 0)
                yield pk, f"{KEY}:{pk}:{each.instrument}:{each.due_on}:{count}", each


def asked_of(patient_pk: int, now: datetime) -> list[tuple[Task, Instrument]]:
    """Return the tasks for what the patient may answer alone and counts now, the oldest first."""
    due_at = Coalesce("first_due_at", "due_at")
    found = waiting().filter(patient=patient_pk).alias(day=due_at).filter(day__lte=now + EARLY)
    return [
        (task, registry()[task.dedupe_key.split(":")[2]]) for task in found.order_by("day", "pk")
    ]


def waiting() -> QuerySet[Task]:
    """Return the open tasks of all patients for what they may answer alone."""
    keys = "|".join(answered_alone())
    return Task.objects.open().filter(
        kind=Task.Kind.ASSESSMENT, dedupe_key__regex=rf"^{KEY}:\d+:({keys}):"
    )


def _ask(patient: Patient, each: Due, key: str) -> Task:
    instrument = registry()[each.instrument]
    return tasks.ask(
        Task.Kind.ASSESSMENT,
        patient=patient,
        role=instrument.role,
        text=f"{instrument.title} is due: {each.why}.",
        due_at=day_bounds(patient.clinic, each.due_on, each.due_on)[0],
        dedupe_key=key,
        source=patient,
    )
