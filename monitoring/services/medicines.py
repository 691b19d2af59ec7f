"""Other medicines of a visit: recorded, or corrected with a reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from clinic import audit, clock, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import StaleVersionError
from clinic.models import User
from clinic.words import explains
from monitoring.medicines import CLASSES, UNKNOWN, proposed
from monitoring.models import MedicationGiven
from monitoring.readings import MOST_MINUTES, said
from sessions.models import TreatmentSession
from sessions.services import steps

RECORD = "treatment_sessions.give_dose"
ORDERS = "treatment_sessions.order_dose"
LESSENS = "treatment_sessions.override_gate"
KEPT = (
    *("drug", "drug_class", "dose", "route", "given_at", "given_by", "ordered_by", "why"),
    *("effect", "minutes", "effect_reason"),
)


@dataclass(frozen=True, slots=True)
class Given:
    """What was given; an empty effect is the default of the class."""

    drug: str
    drug_class: str
    dose: str
    route: str
    ordered_by: User
    why: str
    given_at: datetime | None = None
    effect: str = ""
    minutes: int | None = None
    effect_reason: str = ""


def record(pk: int, given: Given, *, by: User, entry: Submission | None = None) -> MedicationGiven:
    """Record a medicine; without a time it was given now."""
    with acting(by, entry):
        treatment_session, now = _lock(pk, by), clock.now()
        values = _checked(given, treatment_session, by, now)
        row = MedicationGiven.objects.create(
            treatment_session=treatment_session, given_by=by, recorded_at=now, **values
        )
        audit.record("medicine.given", subject=treatment_session, effect=row.effect)
        return row


def correct(
    wrong: MedicationGiven,
    given: Given,
    reason: str,
    *,
    by: User,
    entered_in_error: bool = False,
    entry: Submission | None = None,
) -> MedicationGiven:
    """Add a row that supersedes; both stay. Entered in error keeps the values, and none count."""
    with acting(by, entry):
        treatment_session, now = _lock(wrong.treatment_session_id, by), clock.now()
        if MedicationGiven.objects.filter(supersedes=wrong).exists():
            raise StaleVersionError
        if not explains(reason):
            raise ValidationError({"reason": "Say why it is corrected."})
        values = {name: getattr(wrong, name) for name in KEPT}
        if not entered_in_error:
            values |= _checked(given, treatment_session, by, now)
        row = MedicationGiven.objects.create(
            treatment_session=treatment_session,
            recorded_at=now,
            supersedes=wrong,
            reason=reason.strip(),
            entered_in_error=entered_in_error,
            **values,
        )
        audit.record(
            "medicine.corrected", subject=treatment_session, entered_in_error=entered_in_error
        )
        return row


def _lock(pk: int, by: User) -> TreatmentSession:
    treatment_session = steps.lock_for(pk, by, RECORD)
    if treatment_session.arrived_at is None:
        raise ValidationError("The patient has not arrived.", code="not_arrived")
    return treatment_session


def _checked(
    given: Given, treatment_session: TreatmentSession, by: User, now: datetime
) -> dict[str, Any]:
    at = given.given_at or now
    times.check_happened(at, now, field="given_at", not_before=treatment_session.arrived_at)
    if treatment_session.ended_at is not None and at > treatment_session.ended_at:
        raise ValidationError({"given_at": "The patient had left by then. Enter when it was."})
    for name, words in (("drug", "Name the medicine."), ("why", "Say what it was given for.")):
        if not said(getattr(given, name)):
            raise ValidationError({name: words})
    if not given.ordered_by.may(ORDERS, treatment_session.clinic_id):
        raise ValidationError({"ordered_by": "Choose a prescriber of this clinic."})
    return {
        "drug": given.drug.strip(),
        "drug_class": given.drug_class,
        "dose": given.dose.strip(),
        "route": given.route,
        "given_at": at,
        "ordered_by": given.ordered_by,
        "why": given.why.strip(),
        **_effect(given, by.may(LESSENS, treatment_session.clinic_id)),
    }


def _effect(given: Given, may_lessen: bool) -> dict[str, Any]:
    """Return the effect on the clock; less than the default is a prescriber's, with a reason.

    The kind that the name speaks for counts as much as the chosen one; of a name that isn't
    understood, what is asked of an unknown medicine.
    """
    default = CLASSES.get(given.drug_class)
    if default is None:
        raise ValidationError({"drug_class": "Choose what kind of medicine it is."})
    effect: Any = given.effect or default.effect
    minutes = given.minutes or (default.minutes if effect == default.effect else 0)
    if effect == "none":
        minutes = 0
    elif not 0 < minutes <= MOST_MINUTES:
        raise ValidationError({"minutes": "Enter after how many minutes the recheck is due."})
    named = proposed(given.drug) or UNKNOWN
    of_class, of_name = default.is_less(effect, minutes), named.is_less(effect, minutes)
    less = of_class or of_name
    if of_class and not may_lessen:
        text = "This is less than such a medicine asks for: a prescriber records it, with a reason."
        raise ValidationError({"effect": text})
    if of_name and not may_lessen:
        text = (
            f"The name speaks for more ({named.told}): "
            "choose that kind, or a prescriber records it, with a reason."
        )
        raise ValidationError({"drug_class": text})
    if less and not explains(given.effect_reason):
        raise ValidationError({"effect_reason": "Say why less is enough."})
    return {"effect": effect, "minutes": minutes, "effect_reason": given.effect_reason.strip()}
