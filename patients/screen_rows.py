"""The rows that a standing screen is compared with, as parts of a bundle."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import OuterRef

from clinic.bundles import Many, One, all_fields
from patients.models import Allergy, Condition, Medication, SafetyScreen, ScreenPolicy
from patients.screening.basis import Fact, Reasks, facts

SCREEN = ("outcome", "valid_until", "screened_at", "drug", "route", "jurisdiction", "rested_on")
CONDITION = ("text", "clinical_status", "onset_on", "entered_in_error")
MEDICINE = ("text", "status", "stopped_on", "entered_in_error")
ALLERGY = ("text", "status", "code", "entered_in_error")


def parts(patient: str, clinic: str) -> dict[str, Many]:
    """Return them for the patient and the clinic that these fields of the bundle's row name."""
    of = {"patient": OuterRef(patient)}
    policy = ScreenPolicy.objects.filter(clinic=OuterRef(clinic))
    return {
        "screen": One(SafetyScreen.objects.filter(**of), *SCREEN),
        "screen_policy": One(policy, *all_fields(ScreenPolicy, "clinic")),
        "screen_conditions": Many(Condition.objects.standing().filter(**of), *CONDITION),
        "screen_medicines": Many(Medication.objects.standing().filter(**of), *MEDICINE),
        "screen_allergies": Many(Allergy.objects.standing().filter(**of), *ALLERGY),
    }


def facts_in(found: Mapping[str, Any], today: date) -> list[Fact]:
    return facts(
        found["screen_conditions"], found["screen_medicines"], found["screen_allergies"], today
    )


def reasks_in(found: Mapping[str, Any]) -> Reasks:
    policy = found["screen_policy"]
    return policy.reasks if policy else Reasks()
