"""Which weight an infusion is ordered for: as weighed, ideal, or adjusted between the two; pure.

Weights are in kg, to a tenth, half up; heights in cm. A weight above the one on the scales is never
offered: it would raise the dose of somebody who is light for the height.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import models

from clinic.numbers import tenths
from clinic.provenance import Certainty, Source
from patients.measures import in_both_units

INCH_CM = Decimal("2.54")
DEVINE_BEGINS_CM = 60 * INCH_CM
DEVINE_KG: Mapping[str, Decimal] = {"male": Decimal(50), "female": Decimal("45.5")}
DEVINE_KG_PER_INCH = Decimal("2.3")
ADJUSTED_SHARE = Decimal("0.4")  # of what the weight on the scales is above the ideal one
SOURCES: Final[Mapping[str, Source]] = {
    "ideal": Source(
        "Devine 1974: 50 kg for a man, 45.5 kg for a woman, and 2.3 kg for each inch above 60",
        Certainty.UNVERIFIED,
    ),
    "adjusted": Source(
        "Usual adjusted body weight: ideal weight + 0.4 × (actual − ideal)", Certainty.UNVERIFIED
    ),
    "obesity": Source(
        "Clinical reference 4: blood pressure and pulse change more when the dose is for the "
        "actual weight of somebody with obesity [Sanacora 2017]",
        Certainty.UNVERIFIED,
    ),
}


class Basis(models.TextChoices):
    ACTUAL = "actual", "Actual weight"
    IDEAL = "ideal", "Ideal weight (Devine)"
    ADJUSTED = "adjusted", "Adjusted weight"
    OTHER = "other", "Another weight"


@dataclass(frozen=True, slots=True)
class Weights:
    """What can be known of one patient's weight; `missing` says why the rest can't be computed."""

    actual: Decimal | None
    ideal: Decimal | None = None
    adjusted: Decimal | None = None
    bmi: Decimal | None = None
    missing: str = ""

    def of(self, basis: str) -> Decimal | None:
        known = {
            Basis.ACTUAL: self.actual,
            Basis.IDEAL: self.ideal,
            Basis.ADJUSTED: self.adjusted,
        }
        return known.get(Basis(basis))

    @property
    def offered(self) -> tuple[tuple[Basis, Decimal], ...]:
        """Return the weights that an order may use, never one above the actual weight."""
        known = ((basis, self.of(basis)) for basis in Basis)
        return tuple((basis, kg) for basis, kg in known if kg and self.actual and kg <= self.actual)


def weights(actual_kg: Decimal | None, height_cm: Decimal | None, sex: str) -> Weights:
    """Return the weights of an adult; what is unknown stays unknown."""
    if actual_kg is None:
        return Weights(None, missing="No weight of the last days is on the chart.")
    if height_cm is None:
        text = "Ideal and adjusted weight can't be computed: no height is on the chart."
        return Weights(actual_kg, missing=text)
    bmi = body_mass_index(actual_kg, height_cm)
    if sex not in DEVINE_KG:
        text = (
            "Ideal and adjusted weight can't be computed: the formula knows men and women, and "
            "the chart's administrative sex is neither."
        )
        return Weights(actual_kg, bmi=bmi, missing=text)
    if height_cm < DEVINE_BEGINS_CM:
        text = (
            "Ideal and adjusted weight can't be computed: the formula begins at 152.4 cm (60 in)."
        )
        return Weights(actual_kg, bmi=bmi, missing=text)
    ideal = ideal_kg(height_cm, sex)
    return Weights(actual_kg, ideal, adjusted_kg(actual_kg, ideal), bmi)


def ideal_kg(height_cm: Decimal, sex: str) -> Decimal:
    """Return the ideal weight by Devine, for "male" or "female" from 152.4 cm on."""
    inches = (height_cm - DEVINE_BEGINS_CM) / INCH_CM
    return tenths(DEVINE_KG[sex] + DEVINE_KG_PER_INCH * inches)


def adjusted_kg(actual_kg: Decimal, ideal_kg: Decimal) -> Decimal | None:
    """Return the weight between ideal and actual; none for who is not above the ideal weight."""
    if actual_kg <= ideal_kg:
        return None
    return tenths(ideal_kg + ADJUSTED_SHARE * (actual_kg - ideal_kg))


def body_mass_index(actual_kg: Decimal, height_cm: Decimal) -> Decimal:
    """Return kg per square meter."""
    meters = height_cm / 100
    return tenths(actual_kg / (meters * meters))


def said(kg: Decimal) -> str:
    """Say a weight in both units: "82.5 kg (181.9 lb)"."""
    return in_both_units("weight", kg)
