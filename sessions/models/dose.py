"""What was given. Rows are added, never changed: a correction supersedes, with a reason."""

from decimal import Decimal
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import append_only
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow, StandingQuerySet
from clinic.numbers import plain
from sessions.models.course import DoseOrder
from sessions.models.protocol import Drug, Route
from sessions.models.session import TreatmentSession, audited_child


class DoseQuerySet(StandingQuerySet):
    clinic_lookup = "treatment_session__clinic_id"

    def given(self) -> Self:
        """Leave out what the patient refused, too."""
        return self.standing().exclude(outcome=Dose.Outcome.REFUSED)


class Dose(PublicRow):
    """One administration of the course's medicine: one nasal device, or one infusion."""

    class Outcome(models.TextChoices):
        COMPLETE = "complete", "Complete"
        ONE_SPRAY = "one_spray", "One spray only"
        SNEEZED = "sneezed", "Sneezed or dripped"
        FAULTY = "faulty", "Device faulty"
        REFUSED = "refused", "Refused"

    treatment_session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="doses")
    order = models.ForeignKey(
        DoseOrder, models.PROTECT, null=True, blank=True, related_name="doses"
    )
    number = models.PositiveSmallIntegerField(help_text="In the session, from 1.")
    drug = models.CharField(max_length=20, choices=Drug.choices)
    route = models.CharField(max_length=10, choices=Route.choices)
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2, help_text="As intended.")
    estimated_mg = models.DecimalField(
        max_digits=7, decimal_places=2, null=True, blank=True, help_text="Received, where less."
    )
    outcome = models.CharField(max_length=12, choices=Outcome.choices, default=Outcome.COMPLETE)
    lot = models.CharField(max_length=40)
    expires_on = models.DateField(null=True, blank=True)
    serial = models.CharField(max_length=60, blank=True)
    concentration_mg_ml = models.DecimalField(max_digits=7, decimal_places=3, null=True, blank=True)
    given_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    outside_gate = models.BooleanField(default=False)
    reason = models.CharField(max_length=240, blank=True)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    entered_in_error = models.BooleanField(default=False)

    objects = DoseQuerySet.as_manager()

    class Meta:
        ordering = ["given_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["treatment_session", "number"],
                condition=Q(supersedes__isnull=True),
                name="dose_number_per_session",
            ),
            models.CheckConstraint(condition=Q(dose_mg__gt=0), name="given_dose_is_positive"),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True, outside_gate=False) | ~Q(reason=""),
                name="an_unusual_dose_says_why",
            ),
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"{self.drug} {plain(self.dose_mg)} mg"

    @property
    def received_mg(self) -> Decimal | None:
        """What went into the patient, in mg, as estimated or by the outcome.

        None: less than all of it, and nobody estimated how much. Of two sprays one is half.
        """
        if self.estimated_mg is not None:
            return self.estimated_mg
        if self.outcome == self.Outcome.ONE_SPRAY:
            return self.dose_mg / 2
        if self.outcome == self.Outcome.REFUSED:
            return Decimal(0)
        return self.dose_mg if self.outcome == self.Outcome.COMPLETE else None


class InfusionEventQuerySet(ClinicScopedQuerySet):
    clinic_lookup = "treatment_session__clinic_id"

    def standing(self) -> Self:
        """Leave out steps that were corrected."""
        return self.filter(superseded_by__isnull=True)


class InfusionEvent(models.Model):
    """A step of an infusion, in time: its rate, its pauses, its end with the volume given."""

    class Kind(models.TextChoices):
        START = "start", "Started"
        RATE = "rate", "Rate changed"
        PAUSE = "pause", "Paused"
        RESUME = "resume", "Resumed"
        STOP = "stop", "Stopped"

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="infusion_events"
    )
    dose = models.ForeignKey(Dose, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    rate_ml_h = models.DecimalField(
        "rate (mL/h)", max_digits=7, decimal_places=2, null=True, blank=True
    )
    given_ml = models.DecimalField(
        "given (mL)", max_digits=7, decimal_places=2, null=True, blank=True
    )
    reason = models.CharField(max_length=240, blank=True)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )

    objects = InfusionEventQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dose"], condition=Q(kind="start"), name="an_infusion_starts_once"
            ),
            models.UniqueConstraint(
                fields=["dose"],
                condition=Q(kind="stop", supersedes__isnull=True),
                name="an_infusion_stops_once",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True) | ~Q(reason=""),
                name="a_corrected_step_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["start", "rate", "resume"]) | Q(rate_ml_h__gt=0),
                name="a_running_infusion_has_a_rate",
            ),
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return self.get_kind_display()
