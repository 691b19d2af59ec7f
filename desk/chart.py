"""Everything about one patient on one page: each section bounded, one query for any length."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db.models import Case, F, OuterRef, QuerySet, Subquery, When

from clinic.bundles import Bundle, Many, One, all_fields, attach, person
from clinic.models import User
from clinic.statements import Among
from desk import between as betweens
from desk import ribbon
from desk.ribbon import Ribbon, Visit
from outcomes.models import Assessment, OutcomesPolicy
from patients import screen_rows
from patients.medicines.interactions import Context
from patients.medicines.review import USUAL, Review
from patients.models import (
    Allergy,
    BodyMeasure,
    Condition,
    Consent,
    EmailContact,
    Identifier,
    MailHold,
    Medication,
    MedicineReview,
    Patient,
    RemsEnrolment,
    SafetyScreen,
    ScreenFinding,
    Task,
)
from patients.screening import standing
from patients.services.medicines import reviewed
from reminders.models import Message
from sessions import rems
from sessions.lifecycle import HOLDING
from sessions.models import DoseOrder, TreatmentCourse, TreatmentSession
from sessions.services.authorization import treatment_of

SHOWN = 8  # rows of a section; the others on demand
AT_MOST = 500
ON_RIBBON = 60
SECTIONS = (
    "consents",
    "messages",
    "tasks",
    "medicines",
    "conditions",
    "allergies",
    "measures",
)
EMAIL = ("address", "verified_at", "time_zone")
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
    treatment: str  # empty in a screen of an earlier release
    answers: list[ScreenFinding]  # that say more than "absent"
    unmet: list[str]  # why it doesn't hold

    @property
    def cleared(self) -> bool:
        return self.outcome == SafetyScreen.Outcome.CLEARED


@dataclass(frozen=True, slots=True)
class Chart:
    patient: Patient
    numbers: list[Identifier]
    courses: list[Any]
    course: Any  # the running one, else the latest
    ribbon: Ribbon | None
    current: TreatmentSession | None  # going on or next
    step: str
    overridden: list[Any]  # sessions whose patient left before the gate was met, the latest first
    attention: list[str]
    known_allergies: list[Allergy]
    consents: Section
    messages: Section
    tasks: Section
    mail_hold: MailHold | None = None
    screen: Screen | None = None
    medicines: Section | None = None
    conditions: Section | None = None
    allergies: Section | None = None
    measures: Section | None = None
    review: Review | None = None
    enrolments: list[Any] | None = None  # None where REMS is not the site's business
    between: list[betweens.Line] | None = None


def load(patient: Any, user: User, now: datetime, everything_of: str = "") -> Chart:
    """Read everything in one statement, and make the patient what hangs on it."""
    clinical = user.may(VIEW, patient.clinic_id)
    today = now.astimezone(patient.clinic.zone).date()
    roles = [role.value for role in user.roles_by_clinic.get(patient.clinic_id, ())]
    longest = everything_of if everything_of in SECTIONS else ""
    found = _bundle(longest, clinical=clinical).read(patient.pk, roles=roles)
    attach(patient, found, "email_contact")
    courses = found["courses"]
    for each in courses:
        each.order = next((o for o in found["orders"] if o.course_id == each.pk), None)
    course = next((c for c in courses if c.status == c.Status.ACTIVE), next(iter(courses), None))
    sessions = sorted(found["sessions"], key=lambda session: session.number)
    current = next((s for s in sessions if s.status in HOLDING), None)
    sections = {name: _section(name, found[name], longest) for name in SECTIONS if name in found}
    for consent in sections["consents"].rows:
        consent.clinic = patient.clinic
        consent.stands = consent.stands_at(now)
    review = _review(found, today) if clinical else None
    read = {each.text: each for each in review.medicines} if review else {}
    for medicine in sections["medicines"].rows if clinical else ():
        medicine.current = medicine.is_current(today)
        medicine.read = read.get(medicine.text) if medicine.current else None
    screen = _screen(found, course, today) if clinical else None
    return Chart(
        patient=patient,
        numbers=found["numbers"],
        courses=courses,
        course=course,
        ribbon=ribbon.draw([_visit(s, patient) for s in sessions], today) if sessions else None,
        current=current,
        step=_step(course, current),
        overridden=[s for s in reversed(sessions) if _overridden(s)] if clinical else [],
        attention=_attention(
            patient, sections["consents"], screen, course, today, review, clinical=clinical
        )
        + _unenrolled(patient, course, found["enrolments"], today),
        review=review,
        enrolments=found["enrolments"] if patient.clinic.wants_rems else None,
        mail_hold=found["mail_hold"],
        screen=screen,
        known_allergies=found["allergies"] if clinical else [],
        between=_between(patient, course, found, now) if clinical else None,
        **sections,
    )


def _between(
    patient: Any, course: Any, found: dict[str, Any], now: datetime
) -> list[betweens.Line]:
    policy = found["outcomes_policy"]
    return betweens.lines(patient, course, found["sessions"], found["assessments"], policy, now)


def _section(name: str, rows: list[Any], longest: str) -> Section:
    limit = AT_MOST if name == longest else SHOWN
    return Section(name, rows[:limit], len(rows) > limit)


@cache
def _bundle(longest: str, *, clinical: bool) -> Bundle:
    """Return the statement of a chart with one section in full, for those who may read values."""
    parts = _around() | _for_the_desk(longest)
    if clinical:
        parts |= _clinical(longest)
    else:
        mine = Task.objects.open().filter(Among(F("role"), array="%(roles)s"))
        parts["tasks"] = _part(mine, _limit("tasks", longest))
    return Bundle(Patient, parts)


def _limit(name: str, longest: str) -> int:
    return 1 + (AT_MOST if name == longest else SHOWN)


def _part(rows: QuerySet[Any], limit: int, *more: str) -> Many:
    of_patient = rows.filter(patient=OuterRef("pk"))
    return Many(of_patient[:limit], *all_fields(rows.model, "patient"), *more)


def _around() -> dict[str, Many]:
    """Return single rows, and the course with its sessions."""
    orders = DoseOrder.objects.filter(superseded_at__isnull=True)
    order = ("course", "drug", "dose_mg", "infusion_minutes", "valid_until", "prescriber__username")
    sessions = TreatmentSession.objects.filter(course=Subquery(_running_or_latest()))
    return {
        "email_contact": One(EmailContact.objects.filter(patient=OuterRef("pk")), *EMAIL),
        "mail_hold": One(
            MailHold.objects.filter(patient=OuterRef("pk"), lifted_at__isnull=True),
            *("public_id", "reason", "since"),
        ),
        "numbers": Many(
            Identifier.objects.filter(patient=OuterRef("pk"))[:SHOWN], "type", "system", "value"
        ),
        "courses": Many(
            TreatmentCourse.objects.filter(patient=OuterRef("pk"))[:SHOWN],
            *all_fields(TreatmentCourse, "patient"),
            "protocol__title",
            "protocol__short_title",
            "protocol__jurisdiction",
            "protocol__drug",
            "protocol__route",
        ),
        "enrolments": Many(
            RemsEnrolment.objects.filter(patient=OuterRef("pk"))[:SHOWN],
            *all_fields(RemsEnrolment, "patient", "clinic"),
            *person("prescriber"),
        ),
        "orders": Many(orders.filter(patient=OuterRef("pk")), *order),
        "sessions": Many(
            sessions.order_by("-number")[:ON_RIBBON],
            *("public_id", "number", "number_in_phase", "starts_at", "nominal_on", "status"),
            "phase__name",
            "phase__count",
            "phase__order",
            *("discharge__override_reason", "discharge__outside_gate"),
        ),
    }


def _running_or_latest() -> QuerySet[Any, Any]:
    ended = Case(When(status=TreatmentCourse.Status.ACTIVE, then=0), default=1)
    courses = TreatmentCourse.objects.filter(patient=OuterRef(OuterRef("pk")))
    return courses.order_by(ended, "-starts_on", "-pk").values("pk")[:1]


def _for_the_desk(longest: str) -> dict[str, Many]:
    # Those not withdrawn come first, so that a long history never hides one that stands.
    consents = Consent.objects.order_by(F("withdrawn_at").desc(nulls_first=True), "-given_at")
    return {
        "consents": _part(
            consents,
            _limit("consents", longest),
            *person("withdrawn_by"),
            *("template__title", "template__version"),
        ),
        "messages": _part(Message.objects.all(), _limit("messages", longest)),
    }


def _overridden(session: TreatmentSession) -> bool:
    discharge = getattr(session, "discharge", None)
    return discharge is not None and bool(discharge.override_reason)


def _clinical(longest: str) -> dict[str, Many]:
    """Return what the front desk doesn't see; all allergies, since the banner names them."""
    medicines = Medication.objects.order_by("status", "-started_on", "pk")
    conditions = Condition.objects.order_by("clinical_status", "-onset_on", "pk")
    screen = SafetyScreen.objects.filter(patient=OuterRef("pk"))
    newest = SafetyScreen.objects.filter(patient=OuterRef(OuterRef("pk"))).values("pk")[:1]
    by = person("error_by")
    return {
        "medicines": _part(medicines, _limit("medicines", longest), *by),
        "taken": Many(
            Medication.objects.active().filter(patient=OuterRef("pk"))[: AT_MOST + 1],
            *("text", "status", "stopped_on", "entered_in_error"),
        ),
        "reviews": Many(
            MedicineReview.objects.filter(patient=OuterRef("pk")),
            *("about", "reason", "acknowledged_at"),
            *person("acknowledged_by"),
        ),
        "conditions": _part(conditions, _limit("conditions", longest), *by),
        "allergies": _part(Allergy.objects.all(), AT_MOST + 1, *by),
        "measures": _part(BodyMeasure.objects.all(), _limit("measures", longest), *by),
        "tasks": _part(Task.objects.open(), _limit("tasks", longest)),
        "assessments": _part(Assessment.objects.standing(), AT_MOST),
        "outcomes_policy": One(
            OutcomesPolicy.objects.filter(clinic=OuterRef("clinic_id")),
            *all_fields(OutcomesPolicy, "clinic"),
        ),
        **screen_rows.parts("pk", "clinic"),
        "screen": One(screen, "findings", *screen_rows.SCREEN, *person("screened_by")),
        "screen_answers": Many(
            ScreenFinding.objects.filter(screen=Subquery(newest)).exclude(
                answer=ScreenFinding.Answer.ABSENT, justification=""
            ),
            *("title", "level", "answer", "evidence", "justification"),
        ),
    }


def _review(found: Any, today: date) -> Review:
    running = [c.protocol for c in found["courses"] if c.status == c.Status.ACTIVE]
    contexts = [Context(each.drug, each.route) for each in running] or USUAL
    return reviewed(found["taken"], found["reviews"], today, contexts)


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


def _screen(found: Mapping[str, Any], course: Any, today: date) -> Screen | None:
    row = found["screen"]
    if row is None:
        return None
    running = course is not None and course.status == course.Status.ACTIVE
    planned = treatment_of(course.protocol) if running else None
    reasks, facts = screen_rows.reasks_in(found), screen_rows.facts_in(found, today)
    return Screen(
        row.outcome,
        row.findings,
        str(row.screened_by),
        row.screened_at,
        row.valid_until,
        str(row.treatment) if row.drug else "",
        found["screen_answers"],
        standing.unmet(row, planned, facts, reasks, today),
    )


def _unenrolled(
    patient: Patient, course: Any, enrolments: list[RemsEnrolment], today: date
) -> list[str]:
    running = course is not None and course.status == course.Status.ACTIVE
    if not running or patient.deceased or not rems.applies(patient.clinic, course.protocol):
        return []
    if any(row.stands_on(today) for row in enrolments):
        return []
    return ["The patient is not enrolled in REMS."]


def _attention(
    patient: Patient,
    consents: Section,
    screen: Screen | None,
    course: Any,
    today: date,
    review: Review | None,
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
    elif screen is not None:
        found += screen.unmet
    if review is not None and not review.is_settled:
        found.append("Medicines are to be looked at.")
    running = course is not None and course.status == course.Status.ACTIVE
    if clinical and running and course.order is None:
        found.append("No dose is ordered for the running course.")
    return found
