from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.audit_triggers import append_only, audited, kept
from clinic.models import Clinic
from clinic.models.people import validate_time_zone
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from patients.models.patient import Patient


class ConsentQuerySet(ClinicScopedQuerySet):
    def of_kind(self, kind: str) -> Self:
        return self.filter(kind=kind)

    def standing(self) -> Self:
        """Neither withdrawn nor replaced; whether one is in force, `stands_at` says."""
        return self.filter(withdrawn_at__isnull=True)


class Consent(PublicRow):
    """What the patient agreed to, from when, and when that ended; withdrawn rows stay."""

    class Kind(models.TextChoices):
        TREATMENT = "treatment", "Treatment"
        EMAIL = "email", "E-mail"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="consents")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    given_at = models.DateTimeField()
    expires_on = models.DateField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawal_note = models.CharField(max_length=240, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    note = models.CharField(max_length=240, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ["-given_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "kind"],
                name="one_standing_consent_per_kind",
                condition=Q(withdrawn_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("given_at")),
                name="consent_withdrawn_after_given",
            ),
        ]
        triggers = [audited(), kept()]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} consent"

    def stands_at(self, moment: datetime) -> bool:
        """Say whether it was in force; it lasts to the end of its last day in the clinic's zone."""
        today = moment.astimezone(self.clinic.zone).date()
        ended = self.withdrawn_at is not None and self.withdrawn_at <= moment
        expired = self.expires_on is not None and self.expires_on < today
        return self.given_at <= moment and not ended and not expired


class EmailContact(models.Model):
    """Where mail to the patient goes: what a sender locks and checks."""

    patient = models.OneToOneField(Patient, models.PROTECT, related_name="email_contact")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    address = models.EmailField()
    verified_at = models.DateTimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, validators=[validate_time_zone])
    language = models.CharField(max_length=20, blank=True)

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        triggers = [audited(), kept()]

    def __str__(self) -> str:
        return f"E-mail contact {self.pk}"


class SafetyScreen(PublicRow):
    """A prescriber's decision that the patient may be treated, for a time; the latest counts."""

    class Outcome(models.TextChoices):
        CLEARED = "cleared", "Cleared for treatment"
        NOT_CLEARED = "not_cleared", "Not cleared"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="safety_screens")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    findings = models.TextField(blank=True)
    screened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    screened_at = models.DateTimeField()
    valid_until = models.DateField()

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-screened_at", "-pk"]
        triggers = [audited(), append_only()]

    def __str__(self) -> str:
        return self.get_outcome_display()
