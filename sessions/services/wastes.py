"""What was opened, given and thrown away; what is missing between them asks for an answer."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from clinic import audit, clock, second_person, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import StaleVersionError
from clinic.models import User
from clinic.numbers import plain
from clinic.second_person import Purpose
from clinic.words import explains
from sessions.drip_totals import Totals
from sessions.models import Dose, DoseWaste, DosingPolicy, TreatmentSession
from sessions.models.protocol import Route
from sessions.services import asks, drips, steps
from sessions.services.authorization import GIVE

WITNESS = "treatment_sessions.witness_waste"
UNKNOWN = (
    "No witness could be confirmed. It has to be another nurse or prescriber of this clinic, with "
    "their own name and password, and their code if they use one."
)
WASTE = Purpose("waste", WITNESS, UNKNOWN)
MOST_VIALS = 20


@dataclass(frozen=True, slots=True)
class Wasted:
    """What was typed: opened vials or devices, what each holds, and what was thrown away."""

    lot: str
    vials: int
    vial_mg: Decimal
    wasted_mg: Decimal
    method: str
    note: str = ""
    at: datetime | None = None  # None is now, or as it was
    reason: str = ""  # of a correction


def standing_dose(treatment_session: TreatmentSession, number: int) -> Dose | None:
    doses = Dose.objects.filter(treatment_session=treatment_session, number=number)
    return doses.standing().select_related("treatment_session").first()


def totals_of(dose: Dose, until: datetime) -> Totals:
    """Return what of a standing infusion has run by then."""
    return drips.ran(dose, drips.steps_of(dose.treatment_session, dose.number), until)


def given_mg(dose: Dose | None, until: datetime) -> Decimal:
    """Return what of a dose left its device or vial for the patient; nothing of one never begun.

    Of a sneezed device that nobody estimated that is all, of a faulty one nothing.
    """
    if dose is None:
        return Decimal(0)
    if dose.route == Route.IV:
        return totals_of(dose, until).given_mg
    if dose.received_mg is not None:
        return dose.received_mg
    return Decimal(0) if dose.outcome == Dose.Outcome.FAULTY else dose.dose_mg


def record(
    pk: int,
    number: int,
    wasted: Wasted,
    *,
    by: User,
    witness: User | None = None,
    entry: Submission | None = None,
) -> DoseWaste:
    """Record the waste of the dose of this number; 0 is one that was prepared and not begun."""
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, GIVE)
        dose = standing_dose(treatment_session, number) if number else None
        if number and dose is None:
            raise ValidationError("This dose is not on record. Reload the page.", code="no_dose")
        first = Dose.objects.filter(treatment_session=treatment_session, number=number).first()
        rows = DoseWaste.objects.filter(treatment_session=treatment_session).standing()
        if number in {row.dose.number if row.dose else 0 for row in rows.select_related("dose")}:
            raise ValidationError("Its waste is on record: correct that.", code="recorded")
        return _write(treatment_session, dose, wasted, by, witness, dose_row=first)


def correct(
    wrong: DoseWaste,
    wasted: Wasted,
    *,
    by: User,
    witness: User | None = None,
    entered_in_error: bool = False,
    entry: Submission | None = None,
) -> DoseWaste:
    """Write the right numbers beside the wrong ones; both stay on record."""
    with acting(by, entry):
        treatment_session = steps.lock_for(wrong.treatment_session_id, by, GIVE)
        if DoseWaste.objects.filter(supersedes=wrong.pk).exists():
            raise StaleVersionError
        if not explains(wasted.reason):
            raise ValidationError({"reason": "Say why it is corrected."})
        dose = standing_dose(treatment_session, wrong.dose.number) if wrong.dose else None
        return _write(
            treatment_session,
            dose,
            wasted,
            by,
            witness,
            dose_row=wrong.dose,
            supersedes=wrong,
            entered_in_error=entered_in_error,
        )


def review(treatment_session: TreatmentSession, *, by: User, now: datetime) -> None:
    """Ask about what is missing, or close what was asked, after a dose or its waste changed."""
    policy = DosingPolicy.of(treatment_session.clinic_id)
    rows = DoseWaste.objects.filter(treatment_session=treatment_session).standing()
    if not rows.exists():
        return
    missing = Decimal(0)
    for row in rows.select_related("dose"):
        dose = standing_dose(treatment_session, row.dose.number) if row.dose else None
        missing += abs(unaccounted(row, given_mg(dose, now)))
    if missing > policy.waste_tolerance_mg:
        asks.to_account(treatment_session, now, f"{plain(missing)} mg are not accounted for")
        asks.waste_recorded(treatment_session, by=by)
    else:
        asks.accounted(treatment_session, by=by)


def unaccounted(row: DoseWaste, given: Decimal) -> Decimal:
    """Return what was neither given nor thrown away; below 0, more than was opened."""
    return row.opened_mg - given - row.wasted_mg


def _write(
    treatment_session: TreatmentSession,
    dose: Dose | None,
    wasted: Wasted,
    by: User,
    witness: User | None,
    *,
    dose_row: Dose | None,
    supersedes: DoseWaste | None = None,
    **more: Any,
) -> DoseWaste:
    now = clock.now(treatment_session)
    policy = DosingPolicy.of(treatment_session.clinic_id)
    route = treatment_session.course.protocol.route
    at = wasted.at or (supersedes.wasted_at if supersedes else now)
    times.check_happened(at, now, field="at", not_before=treatment_session.arrived_at)
    if dose is not None and route == Route.IV and not totals_of(dose, now).is_stopped:
        raise ValidationError("Stop the infusion first: then it is known what is left.")
    given = given_mg(dose, now)
    _check(wasted, given, policy)
    _check_witness(treatment_session, witness, by, policy)
    row = DoseWaste.objects.create(
        treatment_session=treatment_session,
        dose=dose_row,
        route=route,
        lot=wasted.lot.strip(),
        vials=wasted.vials,
        vial_mg=wasted.vial_mg,
        given_mg=given,
        wasted_mg=wasted.wasted_mg,
        method=wasted.method,
        note=wasted.note.strip(),
        recorded_by=by,
        witness=witness,
        wasted_at=at,
        recorded_at=now,
        reason=wasted.reason.strip(),
        supersedes=supersedes,
        **more,
    )
    audit.record("dose.wasted", subject=treatment_session, wasted_mg=str(row.wasted_mg))
    review(treatment_session, by=by, now=now)
    return row


def _check(wasted: Wasted, given: Decimal, policy: DosingPolicy) -> None:
    if not wasted.lot.strip():
        raise ValidationError({"lot": "Enter the lot."})
    if not 1 <= wasted.vials <= MOST_VIALS:
        raise ValidationError({"vials": f"Enter 1 to {MOST_VIALS}."})
    if wasted.vial_mg <= 0:
        raise ValidationError({"vial_mg": "Enter a number above 0."})
    if wasted.method not in DoseWaste.Method.values:
        raise ValidationError({"method": "Say what became of it."})
    if wasted.method == DoseWaste.Method.OTHER and not explains(wasted.note):
        raise ValidationError({"note": "Say what became of it."})
    opened = wasted.vials * wasted.vial_mg
    missing = opened - given - wasted.wasted_mg
    if abs(missing) > policy.waste_tolerance_mg and not explains(wasted.note):
        what = "are not accounted for" if missing > 0 else "are more than was opened"
        text = (
            f"{plain(opened)} mg opened, {plain(given)} mg given, {plain(wasted.wasted_mg)} mg "
            f"thrown away: {plain(abs(missing))} mg {what}. Correct it, or say what is known."
        )
        raise ValidationError({"note": text}, code="unaccounted")


def _check_witness(
    treatment_session: TreatmentSession, witness: User | None, by: User, policy: DosingPolicy
) -> None:
    route = treatment_session.course.protocol.route
    if witness is None:
        if policy.asks_for_witness(route):
            raise ValidationError({"second_username": "A witness confirms what is thrown away."})
        return
    if not second_person.may_be(witness, by, WASTE, treatment_session.clinic_id):
        raise ValidationError({"second_username": UNKNOWN}, code="second_person")
