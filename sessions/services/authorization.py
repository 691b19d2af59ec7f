"""What a dose needs before it may be given (INV-2)."""

from dataclasses import dataclass
from datetime import date, datetime

from clinic import presence
from clinic.models import PrescriberEnrolment, RemsCertification
from patients import rules
from patients.medicines.review import Review
from patients.models import Consent, RemsEnrolment, SafetyScreen
from patients.services.medicines import review_of
from sessions import ports, rems
from sessions.models import DoseOrder, TreatmentSession
from sessions.ports import Unmet
from sessions.rems import Enrolled
from sessions.treatments import context_of

GIVE = "treatment_sessions.give_dose"


@dataclass(frozen=True, slots=True)
class OnChart:
    """What a dose rests on outside of the visit; a board loads it for many at once."""

    birth_date: date
    deceased: bool
    consent: Consent | None  # the treatment consent that wasn't withdrawn
    screen: SafetyScreen | None  # the newest
    order: DoseOrder | None  # the one that stands today
    medicines: Review
    rems: Enrolled | None = None  # None where it doesn't apply


def standing_order(treatment_session: TreatmentSession, now: datetime) -> DoseOrder | None:
    """Return the course's one order that stands today, in the clinic's zone."""
    order = DoseOrder.objects.filter(
        course_id=treatment_session.course_id, superseded_at__isnull=True
    ).first()
    return order if order and stands_on(order, _today(treatment_session, now)) else None


def stands_on(order: DoseOrder, today: date) -> bool:
    return order.valid_from <= today and (order.valid_until is None or today <= order.valid_until)


def missing(treatment_session: TreatmentSession, now: datetime) -> list[Unmet]:
    """Name everything that forbids a dose now: person, consent, screen, order, pre-dose check."""
    order = standing_order(treatment_session, now)
    unmet = missing_on_chart(treatment_session, order, now)
    return [*unmet, *ports.predose(treatment_session, now)]


def missing_on_chart(
    treatment_session: TreatmentSession, order: DoseOrder | None, now: datetime
) -> list[Unmet]:
    """Name what the chart lacks; the pre-dose check of the day is another's answer."""
    patient = treatment_session.patient
    today = _today(treatment_session, now)
    consents = Consent.objects.select_related("clinic").filter(patient=patient)
    found = OnChart(
        birth_date=patient.birth_date,
        deceased=patient.deceased,
        consent=consents.of_kind(Consent.Kind.TREATMENT).standing().first(),
        screen=SafetyScreen.objects.filter(patient=patient).first(),
        order=order,
        medicines=review_of(patient, today, [context_of(treatment_session.course.protocol)]),
        rems=enrolled(treatment_session, now),
    )
    return unmet_on_chart(found, now, today)


def enrolled(treatment_session: TreatmentSession, now: datetime) -> Enrolled | None:
    """Read what REMS asks for, where it applies."""
    clinic = treatment_session.clinic
    if not rems.applies(clinic, treatment_session.course.protocol):
        return None
    enrolments = RemsEnrolment.objects.standing()
    prescribers = PrescriberEnrolment.objects.filter(clinic=clinic, ended_on__isnull=True)
    return Enrolled(
        certification=RemsCertification.objects.filter(clinic=clinic).first(),
        patient=enrolments.filter(patient_id=treatment_session.patient_id).first(),
        prescribers={row.person_id: row for row in prescribers},
        on_site=not presence.read(clinic.pk, now).is_empty,
    )


def unmet_on_chart(found: OnChart, now: datetime, today: date) -> list[Unmet]:
    """Judge what was loaded; no database."""
    reasons = rules.not_treatable(found.birth_date, found.deceased, today)
    unmet = [Unmet("not_treatable", reason) for reason in reasons]
    if found.consent is None or not found.consent.stands_at(now):
        unmet.append(Unmet("consent", "No valid consent to treatment. Record it on the chart."))
    unmet += _unmet_screen(found.screen, today)
    unmet += _unmet_medicines(found.medicines)
    if found.order is None:
        unmet.append(Unmet("order", "No dose order stands today. A prescriber orders the dose."))
    if found.rems is not None:
        unmet += rems.unmet(found.rems, found.order, today)
    return unmet


def _unmet_screen(screen: SafetyScreen | None, today: date) -> list[Unmet]:
    if screen is None:
        text = "No safety screen. A prescriber records it on the chart."
    elif screen.outcome != SafetyScreen.Outcome.CLEARED:
        text = "The safety screen did not clear the patient for treatment."
    elif screen.valid_until < today:
        text = f"The safety screen ended on {screen.valid_until:%d %b %Y}."
    else:
        return []
    return [Unmet("screen", text)]


def _unmet_medicines(review: Review) -> list[Unmet]:
    unmet = []
    if alerts := review.open_alerts:
        named = ", ".join(each.alert.rule.title for each in alerts)
        text = f"Interactions to acknowledge: {named}. A prescriber does it on the chart."
        unmet.append(Unmet("interaction", text))
    if lines := review.open_medicines:
        number = len(lines)
        text = f"{number} medicine{'s' if number > 1 else ''} not recognised. Check by hand."
        unmet.append(Unmet("medicine", text))
    return unmet


def _today(treatment_session: TreatmentSession, now: datetime) -> date:
    return now.astimezone(treatment_session.clinic.zone).date()
