"""The list of a clinic's patients and the search in it: keyset pages, the same cost for each."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from clinic.models import Clinic, User
from monitoring.models import VitalSigns
from patients.models import Patient
from sessions.models import TreatmentCourse, TreatmentSession
from sessions.naming import step_label

PAGE = 25
LONGEST = 100  # characters of a search
WORDS = 6
SHOWN = {"": "All patients", "course": "In a course", "none": "Without a course"}
SEES_VALUES = "monitoring.view_vitalsigns"


@dataclass(frozen=True, slots=True)
class Next:
    public_id: str
    status: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    public_id: str
    name: str
    birth_date: date
    age: int
    record_number: str
    course: str
    next_session: Next | None
    values: str
    values_at: datetime | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Row]
    text: str
    show: str
    more_after: str  # public id of the last row when there are more


def page(
    clinic: Clinic, user: User, today: date, *, text: str = "", show: str = "", after: UUID | None
) -> Page:
    text = clean(text)
    show = show if show in SHOWN else ""
    keys = list(_matching(clinic, text, show, after).values_list("pk", flat=True)[: PAGE + 1])
    values = user.may(SEES_VALUES, clinic.pk)
    found = _with_details(keys[:PAGE], values=values)
    rows = [_row(patient, today) for patient in found]
    more_after = rows[-1].public_id if len(keys) > PAGE else ""
    return Page(rows, text, show, more_after)


def clean(text: str) -> str:
    """Take what was typed without what no name holds: control characters, endless input."""
    visible = "".join(c if c.isprintable() else " " for c in text[:LONGEST])
    return " ".join(visible.split()[:WORDS])


def _matching(clinic: Clinic, text: str, show: str, after: UUID | None) -> QuerySet[Patient]:
    patients = Patient.objects.filter(clinic=clinic).current().search(text)
    if show:
        running = Exists(TreatmentCourse.objects.running().filter(patient=OuterRef("pk")))
        patients = patients.filter(running if show == "course" else ~running)
    if after is not None:
        patients = patients.filter(_later_than(clinic, after))
    return patients.order_by("family_name", "given_name", "pk")


def _later_than(clinic: Clinic, after: UUID) -> Q:
    """Say which rows follow the last one of the page before; its name never enters an address."""
    last = (
        Patient.objects.filter(clinic=clinic, public_id=after)
        .values_list("family_name", "given_name", "pk")
        .first()
    )
    if last is None:
        return Q()
    family_name, given_name, pk = last
    same_family = Q(family_name=family_name)
    return Q(family_name__gte=family_name) & (
        Q(family_name__gt=family_name)
        | same_family & Q(given_name__gt=given_name)
        | same_family & Q(given_name=given_name, pk__gt=pk)
    )


def _with_details(keys: list[int], *, values: bool) -> QuerySet[Patient]:
    upcoming = (
        TreatmentSession.objects.holding()
        .filter(patient=OuterRef("pk"))
        .order_by("starts_at")
        .values(
            row=JSONObject(
                public_id="public_id",
                status="status",
                starts_at="starts_at",
                phase="phase__name",
                number="number_in_phase",
                count="phase__count",
            )
        )
    )
    running = TreatmentCourse.objects.running().filter(patient=OuterRef("pk"))
    patients = Patient.objects.filter(pk__in=keys).annotate(
        upcoming=Subquery(upcoming[:1]),
        course_title=Subquery(running.values("protocol__short_title")[:1]),
    )
    if values:
        patients = patients.annotate(last_values=Subquery(_last_values()[:1]))
    return patients.order_by("family_name", "given_name", "pk")


def _last_values() -> QuerySet:
    return (
        VitalSigns.objects.standing()
        .filter(treatment_session__patient=OuterRef("pk"))
        .order_by("-observed_at")
        .values(
            row=JSONObject(
                systolic="systolic", diastolic="diastolic", spo2="spo2", at="observed_at"
            )
        )
    )


def _row(patient: Any, today: date) -> Row:
    upcoming, last = patient.upcoming, getattr(patient, "last_values", None)
    return Row(
        public_id=str(patient.public_id),
        name=patient.list_name,
        birth_date=patient.birth_date,
        age=patient.age(today),
        record_number=patient.record_number,
        course=_course(patient.course_title, upcoming),
        next_session=upcoming
        and Next(
            upcoming["public_id"],
            upcoming["status"],
            datetime.fromisoformat(upcoming["starts_at"]),
        ),
        values=_values(last) if last else "",
        values_at=datetime.fromisoformat(last["at"]) if last else None,
        warnings=tuple(patient.not_treatable(today)),
    )


def _course(title: str | None, upcoming: dict[str, Any] | None) -> str:
    if not title or not upcoming:
        return title or ""
    step = step_label(upcoming["phase"], upcoming["number"], upcoming["count"])
    return f"{title} · {step}"


def _values(last: dict[str, Any]) -> str:
    pressure = f"{last['systolic']}/{last['diastolic']}" if last["systolic"] else "–"
    return f"{pressure}, {last['spo2']} %" if last["spo2"] is not None else pressure
