"""What a dose needs before it may be given (INV-2)."""

from datetime import datetime

from patients.models import Consent, SafetyScreen
from sessions import ports
from sessions.models import DoseOrder, TreatmentSession
from sessions.ports import Unmet


def standing_order(treatment_session: TreatmentSession, now: datetime) -> DoseOrder | None:
    """Return the course's one order that stands today, in the clinic's zone."""
    today = now.astimezone(treatment_session.clinic.zone).date()
    order = DoseOrder.objects.filter(
        course_id=treatment_session.course_id, superseded_at__isnull=True
    ).first()
    if order is None or order.valid_from > today:
        return None
    return None if order.valid_until is not None and order.valid_until < today else order


def missing(treatment_session: TreatmentSession, now: datetime) -> list[Unmet]:
    """Name everything that forbids a dose now: person, consent, screen, order, pre-dose check."""
    order = standing_order(treatment_session, now)
    unmet = missing_on_chart(treatment_session, order, now)
    return [*unmet, *ports.predose(treatment_session, now)]


def missing_on_chart(
    treatment_session: TreatmentSession, order: DoseOrder | None, now: datetime
) -> list[Unmet]:
    """Name what the chart lacks; the pre-dose check of the day is another's answer."""
    today = now.astimezone(treatment_session.clinic.zone).date()
    patient = treatment_session.patient
    unmet = [Unmet("not_treatable", reason) for reason in patient.not_treatable(today)]
    consents = Consent.objects.select_related("clinic").filter(patient=patient)
    consent = consents.filter(kind=Consent.Kind.TREATMENT, withdrawn_at__isnull=True).first()
    if consent is None or not consent.stands_at(now):
        unmet.append(Unmet("consent", "No valid consent to treatment. Record it on the chart."))
    screen = SafetyScreen.objects.filter(patient=patient).first()
    if screen is None:
        unmet.append(Unmet("screen", "No safety screen. A prescriber records it on the chart."))
    elif screen.outcome != SafetyScreen.Outcome.CLEARED:
        unmet.append(Unmet("screen", "The safety screen did not clear the patient for treatment."))
    elif screen.valid_until < today:
        unmet.append(Unmet("screen", f"The safety screen ended on {screen.valid_until:%d %b %Y}."))
    if order is None:
        unmet.append(Unmet("order", "No dose order stands today. A prescriber orders the dose."))
    return unmet
