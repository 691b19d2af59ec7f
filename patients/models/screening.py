"""What a safety screen is made of, and a clinic's settings for it."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from clinic.audit_triggers import append_only, audited
from clinic.models.policy import Policy
from clinic.models.scoping import ClinicScopedQuerySet
from clinic.provenance import Certainty, Source
from patients.models.consent import SafetyScreen
from patients.screening.basis import Reasks

SCREEN = "(SELECT {} FROM patients_safetyscreen WHERE id = subject.screen_id)"
MONTHS = (MinValueValidator(1), MaxValueValidator(60))


class ScreenFindingQuerySet(ClinicScopedQuerySet):
    clinic_lookup = "screen__clinic_id"


class ScreenFinding(models.Model):
    """One rule as it was asked and answered; title and level as they stood."""

    class Level(models.TextChoices):
        ABSOLUTE = "absolute", "Absolute contraindication"
        RELATIVE = "relative", "Relative contraindication"
        CAUTION = "caution"

    class Answer(models.TextChoices):
        PRESENT = "present"
        ABSENT = "absent"
        NOT_KNOWN = "not_known", "Not known"

    screen = models.ForeignKey(SafetyScreen, models.PROTECT, related_name="answers")
    rule = models.SlugField(max_length=40)
    title = models.CharField(max_length=240)
    level = models.CharField(max_length=10, choices=Level.choices)
    answer = models.CharField(max_length=10, choices=Answer.choices)
    evidence = models.TextField(blank=True, help_text="What on the chart spoke for it.")
    justification = models.TextField(blank=True)
    acknowledged = models.BooleanField(default=False)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ScreenFindingQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["screen", "rule"], name="one_answer_per_rule"),
        ]
        triggers = [
            audited(clinic=SCREEN.format("clinic_id"), patient=SCREEN.format("patient_id")),
            append_only(),
            pgtrigger.Trigger(
                name="cleared_is_earned",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NEW.answer <> 'absent'
                       AND (NEW.level = 'absolute'
                            OR NEW.level = 'relative' AND btrim(NEW.justification) = ''
                            OR NEW.level = 'caution' AND NOT NEW.acknowledged)
                       AND (SELECT outcome FROM patients_safetyscreen WHERE id = NEW.screen_id)
                           = 'cleared' THEN
                        RAISE EXCEPTION 'taper: % stands against clearing', NEW.rule;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.get_answer_display()}"


PROPOSED = Source("Clinical reference 5: no source gives it", Certainty.PROPOSED)


class ScreenPolicy(Policy):
    """How long a safety screen lasts at a clinic, and what asks for another."""

    usual_months = models.PositiveSmallIntegerField(
        "valid for, in months", default=6, validators=MONTHS, help_text="What the form proposes."
    )
    longest_months = models.PositiveSmallIntegerField(
        "valid for at most, in months", default=12, validators=MONTHS
    )
    reask_conditions = models.BooleanField("a new condition asks for another screen", default=True)
    reask_medicines = models.BooleanField("a new medicine asks for another screen", default=True)
    reask_stopped_medicines = models.BooleanField(
        "a stopped medicine asks for another screen", default=True
    )
    reask_allergies = models.BooleanField("a new allergy asks for another screen", default=True)

    SOURCES: ClassVar = {
        "usual_months": PROPOSED,
        "longest_months": PROPOSED,
        "reask_conditions": PROPOSED,
        "reask_medicines": PROPOSED,
        "reask_stopped_medicines": PROPOSED,
        "reask_allergies": PROPOSED,
    }

    class Meta(Policy.Meta):
        verbose_name = "settings of the safety screen"
        verbose_name_plural = "settings of the safety screen"
        constraints = [
            models.CheckConstraint(
                condition=Q(usual_months__lte=F("longest_months")),
                name="screen_usual_within_longest",
                violation_error_message="The usual time can't be longer than the longest.",
            )
        ]

    @property
    def reasks(self) -> Reasks:
        return Reasks(
            conditions=self.reask_conditions,
            medicines=self.reask_medicines,
            stopped_medicines=self.reask_stopped_medicines,
            allergies=self.reask_allergies,
        )
