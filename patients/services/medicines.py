"""Reviewing a patient's medicines: what they raise, and who looked at it."""

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.words import explains
from patients import ports
from patients.medicines.interactions import Context
from patients.medicines.review import USUAL, Medicine, Review, Seen, ShownAlert, review
from patients.models import Medication, MedicineReview, Patient
from patients.services.chart import CHART
from patients.services.register import locked

ACKNOWLEDGE = "patients.acknowledge_interaction"
MOVED_ON = "The medicines have changed meanwhile. Look at them again."


def review_of(patient: Patient, today: date, contexts: Iterable[Context] | None = None) -> Review:
    """Read and judge what is taken now, on the chart or told today.

    Without contexts for all the running treatments.
    """
    if contexts is None:
        parts = ports.treatments(patient).values()
        contexts = [context for part in parts for context in part] or USUAL
    rows = MedicineReview.objects.filter(patient=patient).select_related("acknowledged_by")
    told = told_today(patient)
    medications = Medication.objects.active().filter(patient=patient)
    return reviewed(medications, rows, today, contexts, told)


def told_today(patient: Patient) -> list[str]:
    """Return the medicines that the patient named at today's visit."""
    return [text for texts in ports.told_today(patient).values() for text in texts]


def reviewed(
    medications: Iterable[Medication],
    reviews: Iterable[MedicineReview],
    today: date,
    contexts: Iterable[Context],
    told: Iterable[str] = (),
) -> Review:
    """Judge rows that were read, and what the patient told; those of `reviews` need authors."""
    texts = [row.text for row in medications if row.is_current(today)]
    seen = {
        row.about: Seen(row.reason, str(row.acknowledged_by), row.acknowledged_at)
        for row in reviews
    }
    return review([*texts, *told], contexts, seen)


def settles(user: User, clinic_id: int, item: ShownAlert | Medicine) -> bool:
    """A prescriber acknowledges what interrupts; who keeps the chart checks a line by hand."""
    permission = ACKNOWLEDGE if isinstance(item, ShownAlert) else CHART
    return user.may(permission, clinic_id)


def acknowledge(
    patient_pk: int,
    abouts: Iterable[str],
    *,
    by: User,
    reason: str,
    entry: Submission | None = None,
) -> list[MedicineReview]:
    """Record for each alert and line why it doesn't stand in the way; what was seen is skipped."""
    with acting(by, entry):
        patient = locked(patient_pk, by=by, permission=CHART)
        if not explains(reason):
            raise ValidationError({"reason": "Say why treatment may go on."})
        found = review_of(patient, clock.now().astimezone(patient.clinic.zone).date())
        open_ones = {each.about: each for each in found.to_settle if each.is_open}
        chosen = [open_ones[about] for about in dict.fromkeys(abouts) if about in open_ones]
        if not chosen:
            raise ValidationError(MOVED_ON, code="moved_on")
        if not all(settles(by, patient.clinic_id, item) for item in chosen):
            raise PermissionDenied(ACKNOWLEDGE)
        return [_record(patient, item, by, reason) for item in chosen]


def _record(patient: Patient, item: ShownAlert | Medicine, by: User, reason: str) -> MedicineReview:
    row = MedicineReview(
        patient=patient,
        clinic_id=patient.clinic_id,
        about=item.about,
        reason=reason,
        acknowledged_by=by,
        acknowledged_at=clock.now(),
    )
    if isinstance(item, ShownAlert):
        row.kind, row.rule = MedicineReview.Kind.ALERT, item.alert.rule.id
        row.severity = item.alert.rule.severity.value
        row.ingredients, row.medicines = [*item.alert.ingredients], [*item.alert.medicines]
    else:
        row.kind, row.medicines = MedicineReview.Kind.LINE, [item.text]
    row.save()
    audit.record(f"medicine.{row.kind}_reviewed", subject=row)
    return row
