"""What a clinic decides about doses: weights, usual ranges, second checks, waste."""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from clinic.models import Policy
from clinic.provenance import Certainty, Source
from sessions.dosing import HIGHEST_MG_PER_KG, LONGEST_MINUTES
from sessions.limits import Limits
from sessions.models.protocol import Route

REPORTED = Source(
    "Clinical reference 4: range of reported infusions [Andrade 2017]", Certainty.READ
)
TWO_PEOPLE = "Clinical reference 11: two signatures for what is thrown away are best practice"
SMALLEST = MinValueValidator(Decimal("0.001"))


def _proposed(text: str) -> Source:
    return Source(text, Certainty.PROPOSED)


class DosingPolicy(Policy):
    SOURCES: ClassVar[Mapping[str, Source]] = {
        "weight_days": _proposed("A weight of the last month; no label gives a number"),
        "usual_low_mg_per_kg": REPORTED,
        "usual_high_mg_per_kg": REPORTED,
        "usual_low_minutes": REPORTED,
        "usual_high_minutes": REPORTED,
        "highest_mg": _proposed("Clinical reference 4: cap configurable"),
        "obesity_bmi": Source(
            "Clinical reference 4: from this BMI on, ideal or adjusted weight may be considered "
            "[Sanacora 2017]",
            Certainty.UNVERIFIED,
        ),
        "check_infusions": _proposed("Two people compute volume and rate before a pump starts"),
        "check_devices": _proposed("Devices come in fixed doses; a clinic may ask for it"),
        "check_minutes": _proposed("A check holds for the bag that was just prepared"),
        "witness_waste": Source(TWO_PEOPLE, Certainty.UNVERIFIED),
        "witness_devices": Source(TWO_PEOPLE, Certainty.UNVERIFIED),
        "waste_tolerance_mg": _proposed("What a syringe and a filled line leave open"),
    }

    weight_days = models.PositiveSmallIntegerField(
        "weight holds for days",
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(366)],
        help_text="How old the weight on the chart may be that an infusion is ordered for.",
    )
    usual_low_mg_per_kg = models.DecimalField(
        "usual dose from, mg/kg",
        max_digits=5,
        decimal_places=3,
        default=Decimal("0.1"),
        validators=[SMALLEST],
        help_text="A dose outside the usual range needs a reason and a second check.",
    )
    usual_high_mg_per_kg = models.DecimalField(
        "usual dose to, mg/kg",
        max_digits=5,
        decimal_places=3,
        default=Decimal("0.75"),
        validators=[SMALLEST, MaxValueValidator(HIGHEST_MG_PER_KG)],
    )
    usual_low_minutes = models.PositiveSmallIntegerField(
        "usual time from, minutes", default=2, validators=[MinValueValidator(1)]
    )
    usual_high_minutes = models.PositiveSmallIntegerField(
        "usual time to, minutes", default=100, validators=[MaxValueValidator(LONGEST_MINUTES)]
    )
    highest_mg = models.DecimalField(
        "highest dose of one infusion, mg",
        max_digits=6,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Nothing above it is ordered or started. Empty: no cap.",
    )
    obesity_bmi = models.DecimalField(
        "point to the weights from BMI",
        max_digits=4,
        decimal_places=1,
        default=Decimal(30),
        validators=[MinValueValidator(20), MaxValueValidator(60)],
    )
    check_infusions = models.BooleanField(
        "second check before an infusion",
        default=True,
        help_text="Beyond the usual range it is needed in any case.",
    )
    check_devices = models.BooleanField("second check before nasal devices", default=False)
    check_minutes = models.PositiveSmallIntegerField(
        "a second check holds for minutes",
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(240)],
    )
    witness_waste = models.BooleanField("waste of an infusion needs a witness", default=True)
    witness_devices = models.BooleanField(
        "disposal of a faulty or partly used device needs a witness", default=False
    )
    waste_tolerance_mg = models.DecimalField(
        "unexplained difference that asks nobody, mg",
        max_digits=4,
        decimal_places=1,
        default=Decimal("0.5"),
        validators=[MinValueValidator(0)],
    )

    class Meta(Policy.Meta):
        verbose_name = "dosing settings"
        verbose_name_plural = "dosing settings"
        constraints = [
            models.CheckConstraint(
                condition=Q(usual_low_mg_per_kg__lte=F("usual_high_mg_per_kg"))
                & Q(usual_low_minutes__lte=F("usual_high_minutes")),
                name="usual_range_begins_before_it_ends",
                violation_error_message="A range begins with its lower number.",
            )
        ]

    @property
    def limits(self) -> Limits:
        return Limits(
            self.usual_low_mg_per_kg,
            self.usual_high_mg_per_kg,
            self.usual_low_minutes,
            self.usual_high_minutes,
            self.highest_mg,
        )

    @property
    def weight_age(self) -> str:
        return "1 day" if self.weight_days == 1 else f"{self.weight_days} days"

    def asks_for_check(self, route: str) -> bool:
        return self.check_infusions if route == Route.IV else self.check_devices

    def asks_for_witness(self, route: str) -> bool:
        return self.witness_waste if route == Route.IV else self.witness_devices
