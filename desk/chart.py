"""Everything about one patient on one page: each section bounded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from clinic.bundles import attach
from clinic.models import User
from desk import between as betweens
from desk import chart_rows, ledger, ribbon, said, urgent
from desk.beside import Waiting
from desk.ribbon import Ribbon, Visit
from patients import screen_rows
from patients.medicines.interactions import Context
from patients.medicines.review import USUAL, Review
from patients.models import (
    Allergy,
    Consent,
    Identifier,
    MailHold,
    Patient,
    RemsEnrolment,
    SafetyScreen,
    ScreenFinding,
)
from patients.screening import standing
from patients.services.medicines import reviewed
from portal.models import ChangeRequest
from reminders.models import OptOut
from sessions import rems
from sessions.lifecycle import HOLDING
from sessions.models import TreatmentCourse, TreatmentSession
from sessions.services.authorization import treatment_of

SECTIONS = (
    "consents",
    "messages",
    "tasks",
    "medicines",
    "conditions",
    "allergies",
    "measures",
)
VIEW = "patients.view_chart"


@dataclass(frozen=True, slots=True)
class Section:
    """The first rows of a list; the page offers the others."""

    name: str
    rows: list[Any]
    more: bool

    @property
    def count(self) -> str:
        return f"{len(self.rows)} shown" if self.more else str(len(self.rows))


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
    calls: Sequence[Waiting]  # answers that can't wait
    mail_hold: MailHold | None = None
    screen: Screen | None = None
    medicines: Section | None = None
    conditions: Section | None = None
    allergies: Section | None = None
    measures: Section | None = None
    review: Review | None = None
    enrolments: list[Any] | None = None  # None where REMS is not the site's business
    between: list[betweens.Line] | None = None
    answered: list[said.Answered] | None = None
    opt_outs: Sequence[OptOut] = ()
    requests: Sequence[ChangeRequest] = ()


def load(patient: Any, user: User, now: datetime, everything_of: str = "") -> Chart:
    """Read everything in one statement, and make the patient what hangs on it."""
    clinical = user.may(VIEW, patient.clinic_id)
    today = now.astimezone(patient.clinic.zone).date()
    roles = [role.value for role in user.roles_by_clinic.get(patient.clinic_id, ())]
    longest = everything_of if everything_of in SECTIONS else ""
    found = chart_rows.bundle(longest, clinical=clinical).read(patient.pk, roles=roles)
    attach(patient, found, "email_contact")
    for message in found["messages"]:
        message.patient = patient
        message.acts = ledger.acts(message, user, now, "?back=chart", links=False)
    calls = urgent.among(found["tasks"], knows=clinical)
    course = _course(found)
    sessions = sorted(found["sessions"], key=lambda session: session.number)
    coming = (session for session in sessions if session.status in HOLDING)
    current = min(coming, key=lambda session: session.starts_at, default=None)
    sections = {name: _section(name, found[name], longest) for name in SECTIONS if name in found}
    _date_consents(sections["consents"].rows, patient, now)
    review = _review(found, today) if clinical else None
    if review is not None:
        _mark_medicines(sections["medicines"].rows, review, today)
    screen = _screen(found, course, today) if clinical else None
    attention = _attention(
        patient, sections["consents"], screen, course, today, review, clinical=clinical
    )
    return Chart(
        patient=patient,
        numbers=found["numbers"],
        courses=found["courses"],
        course=course,
        ribbon=ribbon.draw([_visit(s, patient) for s in sessions], today) if sessions else None,
        current=current,
        step=_step(course, current),
        calls=calls,
        overridden=[s for s in reversed(sessions) if _overridden(s)] if clinical else [],
        attention=attention + _unenrolled(patient, course, found["enrolments"], today),
        review=review,
        enrolments=found["enrolments"] if patient.clinic.wants_rems else None,
        mail_hold=found["mail_hold"],
        screen=screen,
        known_allergies=found["allergies"] if clinical else [],
        answered=said.answered(found["check_ins"]) if clinical else None,
        opt_outs=found["opt_outs"],
        requests=found["change_requests"],
        between=_between(patient, course, found, now) if clinical else None,
        **sections,
    )


def _course(found: Mapping[str, Any]) -> Any:
    """Give each course its order; return the running one, else the latest."""
    courses = found["courses"]
    for each in courses:
        each.order = next((o for o in found["orders"] if o.course_id == each.pk), None)
    running = (each for each in courses if each.status == each.Status.ACTIVE)
    return next(running, next(iter(courses), None))


def _date_consents(rows: list[Any], patient: Patient, now: datetime) -> None:
    for consent in rows:
        consent.clinic = patient.clinic
        consent.stands = consent.stands_at(now)


def _mark_medicines(rows: list[Any], review: Review, today: date) -> None:
    """Let those that are taken now have what was made of their text."""
    read = {each.text: each for each in review.medicines}
    for medicine in rows:
        medicine.current = medicine.is_current(today)
        medicine.read = read.get(medicine.text) if medicine.current else None


def _between(
    patient: Any, course: Any, found: dict[str, Any], now: datetime
) -> list[betweens.Line]:
    policy = found["outcomes_policy"]
    return betweens.lines(patient, course, found["sessions"], found["assessments"], policy, now)


def _section(name: str, rows: list[Any], longest: str) -> Section:
    limit = chart_rows.AT_MOST if name == longest else chart_rows.SHOWN
    return Section(name, rows[:limit], len(rows) > limit)


def _overridden(session: TreatmentSession) -> bool:
    discharge = getattr(session, "discharge", None)
    return discharge is not None and bool(discharge.override_reason)


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
