"""The patient banner: the guard against the wrong patient on every page that shows data of one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from clinic.models import User
from clinic.whose import whose
from patients.medicines.interactions import Context
from patients.medicines.review import USUAL, Review, review
from patients.models import Allergy, Medication, Patient


@dataclass(frozen=True, slots=True)
class Banner:
    url: str
    whose: str  # for the guard that forms on this page are about this patient
    name: str
    birth_date: date
    age: int
    record_number: str
    alerts: tuple[str, ...]
    allergies: tuple[str, ...]
    no_known_allergies: bool
    shows_allergies: bool
    interactions: tuple[str, ...] = ()
    step: str = ""


def banner_for(
    patient: Patient,
    user: User,
    today: date,
    *,
    step: str = "",
    allergies: Iterable[Allergy] | None = None,
    medicines: Review | None = None,
    contexts: Iterable[Context] = USUAL,
) -> Banner:
    """Build the banner of a page; allergies and interactions for those who may read the chart.

    A page that has read all the patient's allergies or medicines passes them.
    """
    clinical = user.may("patients.view_chart", patient.clinic_id)
    rows = Allergy.objects.filter(patient=patient) if allergies is None else allergies
    active = [row for row in rows if row.is_active] if clinical else []
    return Banner(
        url=reverse("desk:chart", args=[patient.public_id]),
        whose=whose(patient.pk),
        name=str(patient),
        birth_date=patient.birth_date,
        age=patient.age(today),
        record_number=patient.record_number,
        alerts=tuple(patient.not_treatable(today)),
        allergies=tuple(row.text for row in active if not row.says_none_known),
        no_known_allergies=any(row.says_none_known for row in active),
        shows_allergies=clinical,
        interactions=_severe(medicines or _review(patient, today, contexts)) if clinical else (),
        step=step,
    )


def _review(patient: Patient, today: date, contexts: Iterable[Context]) -> Review:
    rows = Medication.objects.active().filter(patient=patient)
    return review([row.text for row in rows if row.is_current(today)], contexts, {})


def _severe(medicines: Review) -> tuple[str, ...]:
    return tuple(
        f"{each.alert.rule.title}: {', '.join(each.alert.ingredients)}" for each in medicines.severe
    )
