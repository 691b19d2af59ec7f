"""New medicines named before the dose: what they raise, and taking them into the chart."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from monitoring.services import predose
from patients.medicines.review import Review
from patients.models import Medication
from patients.services import chart, medicines, register
from sessions.models import TreatmentSession
from sessions.treatments import context_of

TAKE = chart.CHART
NOTE = "Named before the dose"


def off_chart(told: Iterable[str], on_chart: Iterable[str]) -> list[str]:
    """Return what was named and doesn't stand on the chart in the same words."""
    known = {text.casefold() for text in on_chart}
    return [text for text in told if text.casefold() not in known]


def waiting(treatment_session: TreatmentSession) -> list[str]:
    """Return what was named at this visit and isn't on the chart yet."""
    check = predose.latest(treatment_session)
    today = clock.now().astimezone(treatment_session.clinic.zone).date()
    rows = Medication.objects.active().filter(patient=treatment_session.patient_id)
    taken = [row.text for row in rows if row.is_current(today)]
    return off_chart(check.told_medicines, taken) if check else []


def take(
    treatment_session: TreatmentSession,
    texts: Iterable[str],
    *,
    by: User,
    entry: Submission | None = None,
) -> list[Medication]:
    """Add medicines to the chart in the words that were typed; what is there is left alone."""
    with acting(by, entry):
        if not by.may(TAKE, treatment_session.clinic_id):
            raise PermissionDenied(TAKE)
        register.locked(treatment_session.patient_id, by=by, permission=TAKE)
        chosen = [text for text in waiting(treatment_session) if text in set(texts)]
        if not chosen:
            raise ValidationError("They stand on the chart by now.", code="moved_on")
        patient = treatment_session.patient_id
        return [chart.add_medication(patient, by=by, text=text, note=NOTE) for text in chosen]


def raised(treatment_session: TreatmentSession) -> str:
    """Say in a sentence or two what waits because of the medicines; empty: nothing."""
    today = clock.now().astimezone(treatment_session.clinic.zone).date()
    contexts = [context_of(treatment_session.course.protocol)]
    review = medicines.review_of(treatment_session.patient, today, contexts)
    return words(review)


def words(review: Review) -> str:
    parts = []
    if review.open_alerts:
        named = ", ".join(each.words for each in review.open_alerts)
        parts.append(f"A prescriber acknowledges: {named}.")
    if review.open_medicines:
        named = ", ".join(each.text for each in review.open_medicines)
        parts.append(f"Not recognised, check by hand: {named}.")
    return " ".join(parts)
