"""Everything about one patient on one page: each section bounded, few queries for any length."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from clinic.models import User
from desk import ribbon
from desk.ribbon import Ribbon, Visit
from patients.models import (
    Allergy,
    BodyMeasure,
    Condition,
    Consent,
    Identifier,
    Medication,
    Patient,
    SafetyScreen,
)
from patients.models.chart import ChartRow
from patients.models.patient import PatientQuerySet
from reminders.models import Message
from sessions.lifecycle import HOLDING
from sessions.models import DoseOrder, TreatmentCourse, TreatmentSession

SHOWN = 8  # rows of a section; the others on demand
AT_MOST = 500
ON_RIBBON = 60
VIEW = "patients.view_chart"


@dataclass(frozen=True, slots=True)
class Section:
    """The first rows of a list; the page offers the others."""

    name: str
    rows: list[Any]
    more: bool

    @property
    def count(self) -> str:
        return f"{len(self.rows)}+" if self.more else str(len(self.rows))


@dataclass(frozen=True, slots=True)
class Screen:
    outcome: str
    findings: str
    by: str
    screened_at: datetime
    valid_until: date

    @property
    def cleared(self) -> bool:
        return self.outcome == SafetyScreen.Outcome.CLEARED


@dataclass(frozen=True, slots=True)
class Chart:
    patient: Patient
    courses: list[Any]
    course: Any  # the running one, else the latest
    ribbon: Ribbon | None
    current: TreatmentSession | None  # going on or next
    step: str
    overridden: list[Any]  # sessions whose patient left before the gate was met, the latest first
    attention: list[str]
    consents: Section
    messages: Section
    tasks: Section
    screen: Screen | None = None
    medicines: Section | None = None
    conditions: Section | None = None
    allergies: Section | None = None
    measures: Section | None = None


def patients() -> PatientQuerySet:
    """Read with the patient what hangs on it in single rows."""
    screens = SafetyScreen.objects.filter(patient=OuterRef("pk")).values(
        row=JSONObject(
            outcome="outcome",
            findings="findings",
            screened_at="screened_at",
            valid_until="valid_until",
            first_name="screened_by__first_name",
            last_name="screened_by__last_name",
            username="screened_by__username",
        )
    )
    numbers = Identifier.objects.filter(patient=OuterRef("pk")).values(
        row=JSONObject(type="type", system="system", value="value")
    )
    rows: PatientQuerySet = Patient.objects.select_related("clinic", "email_contact").annotate(
        numbers=ArraySubquery(numbers[:SHOWN]), latest_screen=Subquery(screens[:1])
    )
    return rows


def load(patient: Any, user: User, now: datetime, everything_of: str = "") -> Chart:
    clinical = user.may(VIEW, patient.clinic_id)
    today = now.astimezone(patient.clinic.zone).date()

    def section(name: str, rows: QuerySet) -> Section:
        limit = AT_MOST if name == everything_of else SHOWN
        found = list(rows[: limit + 1])
        return Section(name, found[:limit], len(found) > limit)

    courses = list(_courses(patient))
    course = next((c for c in courses if c.status == c.Status.ACTIVE), next(iter(courses), None))
    sessions = _sessions(course) if course else []
    current = next((s for s in sessions if s.status in HOLDING), None)
    # Those not withdrawn come first, so that a long history never hides one that stands.
    in_force_first = F("withdrawn_at").desc(nulls_first=True)
    consents = section(
        "consents",
        patient.consents.select_related("withdrawn_by").order_by(in_force_first, "-given_at"),
    )
    for consent in consents.rows:
        consent.clinic = patient.clinic
        consent.stands = consent.stands_at(now)
    screen = _screen(patient.latest_screen) if clinical else None
    tasks = patient.tasks.open()
    if not clinical:
        tasks = tasks.filter(role__in=user.roles_by_clinic.get(patient.clinic_id, ()))
    chart = Chart(
        patient=patient,
        courses=courses,
        course=course,
        ribbon=ribbon.draw([_visit(s, patient) for s in sessions], today) if sessions else None,
        current=current,
        step=_step(course, current),
        overridden=[s for s in sessions if s.override_reason][::-1] if clinical else [],
        attention=_attention(patient, consents, screen, course, today, clinical=clinical),
        consents=consents,
        messages=section("messages", Message.objects.filter(patient=patient)),
        tasks=section("tasks", tasks),
        screen=screen,
        **_clinical(patient, today, section) if clinical else {},
    )
    return chart


def _clinical(patient: Patient, today: date, section: Any) -> dict[str, Section]:
    medicines = section(
        "medicines",
        _rows(Medication, patient).order_by("status", "-started_on", "pk"),
    )
    for row in medicines.rows:
        row.current = row.is_current(today)
    conditions = _rows(Condition, patient)
    return {
        "medicines": medicines,
        "conditions": section(
            "conditions", conditions.order_by("clinical_status", "-onset_on", "pk")
        ),
        "allergies": section("allergies", _rows(Allergy, patient)),
        "measures": section("measures", _rows(BodyMeasure, patient)),
    }


def _rows(model: type[ChartRow], patient: Patient) -> QuerySet:
    return model.objects.filter(patient=patient).select_related("error_by")


def _courses(patient: Patient) -> QuerySet[TreatmentCourse]:
    order = DoseOrder.objects.filter(course=OuterRef("pk"), superseded_at__isnull=True).values(
        row=JSONObject(
            drug="drug",
            mg="dose_mg",
            minutes="infusion_minutes",
            valid_until="valid_until",
            username="prescriber__username",
        )
    )
    return (
        TreatmentCourse.objects.filter(patient=patient)
        .select_related("protocol")
        .annotate(order=Subquery(order[:1]))[:SHOWN]
    )


def _sessions(course: TreatmentCourse) -> list[Any]:
    latest = course.sessions.select_related("phase").order_by("-number")
    told = latest.annotate(
        override_reason=F("discharge__override_reason"), left_outside=F("discharge__outside_gate")
    )
    return sorted(told[:ON_RIBBON], key=lambda session: session.number)


def _visit(session: TreatmentSession, patient: Patient) -> Visit:
    return Visit(
        str(session.public_id),
        session.phase.name,
        session.number,
        session.starts_at.astimezone(patient.clinic.zone).date(),
        session.nominal_on,
        session.status,
    )


def _step(course: TreatmentCourse | None, current: TreatmentSession | None) -> str:
    if course is None or current is None:
        return ""
    return f"{course.protocol.short_title} · {current.step_label}"


def _screen(row: dict[str, Any] | None) -> Screen | None:
    if row is None:
        return None
    return Screen(
        outcome=row["outcome"],
        findings=row["findings"],
        by=f"{row['first_name']} {row['last_name']}".strip() or row["username"],
        screened_at=datetime.fromisoformat(row["screened_at"]),
        valid_until=date.fromisoformat(row["valid_until"]),
    )


def _attention(
    patient: Patient,
    consents: Section,
    screen: Screen | None,
    course: Any,
    today: date,
    *,
    clinical: bool,
) -> list[str]:
    """Say what stands in the way of the next treatment."""
    found = patient.not_treatable(today)
    if found:
        return found
    standing = {consent.kind for consent in consents.rows if consent.stands}
    if Consent.Kind.TREATMENT not in standing:
        found.append("No consent to treatment stands.")
    if clinical and (screen is None or not screen.cleared):
        found.append("No safety screen has cleared the patient.")
    elif screen is not None and screen.valid_until < today:
        found.append("The safety screen has expired.")
    running = course is not None and course.status == course.Status.ACTIVE
    if clinical and running and course.order is None:
        found.append("No dose is ordered for the running course.")
    return found
