from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.audit_triggers import append_only, audited, kept
from clinic.models import Clinic
from clinic.models.people import validate_time_zone
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from patients.models.consent_template import ConsentKind, ConsentTemplate
from patients.models.patient import Patient
from patients.screening.treatment import Treatment


class ConsentQuerySet(ClinicScopedQuerySet):
    def of_kind(self, kind: str) -> Self:
        return self.filter(kind=kind)

    def standing(self) -> Self:
        """Neither withdrawn nor replaced; whether one is in force, `stands_at` says."""
        return self.filter(withdrawn_at__isnull=True)


class Consent(PublicRow):
    """What the patient agreed to, from when, and when that ended; withdrawn rows stay.

    One stands per patient and kind; of another kind one per text, which `key` names.
    """

    Kind = ConsentKind

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="consents")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=ConsentKind.choices)
    key = models.SlugField(max_length=60, blank=True, default="")
    template = models.ForeignKey(
        ConsentTemplate, models.PROTECT, null=True, blank=True, related_name="consents"
    )
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
                fields=["patient", "kind", "key"],
                name="one_standing_consent_per_kind",
                condition=Q(withdrawn_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("given_at")),
                name="consent_withdrawn_after_given",
            ),
            models.CheckConstraint(
                condition=(Q(kind=ConsentKind.OTHER) & ~Q(key="")) | (~Q(kind="other") & Q(key="")),
                name="another_consent_names_its_text",
            ),
        ]
        triggers = [audited(), kept()]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} consent"

    @property
    def subject(self) -> str:
        """Say what it is a consent to; select the template along."""
        if self.kind == ConsentKind.OTHER and self.template is not None:
            return self.template.title
        return self.get_kind_display()

    def stands_at(self, moment: datetime) -> bool:
        """Say whether it was in force; it lasts to the end of its last day in the clinic's zone."""
        today = moment.astimezone(self.clinic.zone).date()
        ended = self.withdrawn_at is not None and self.withdrawn_at <= moment
        expired = self.expires_on is not None and self.expires_on < today
        return self.given_at <= moment and not ended and not expired


class ConsentSignature(models.Model):
    """How a consent was signed on the tablet: the text as it was shown, the ticks, the name."""

    consent = models.OneToOneField(Consent, models.PROTECT, related_name="signature")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    text_hash = models.CharField(max_length=64, help_text="SHA-256 of the text that was shown.")
    ticked = models.JSONField(help_text="The statements that were ticked, in their order.")
    typed_name = models.CharField(max_length=240)
    relationship = models.CharField(
        max_length=120, blank=True, help_text="Of a representative; empty: the patient signed."
    )
    drawing = models.TextField(blank=True, help_text="Path of an SVG drawing, 600 by 200.")
    witness = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(typed_name=""), name="a_signature_has_a_name"),
        ]
        triggers = [audited(), append_only()]

    def __str__(self) -> str:
        return f"Signed by {self.typed_name}"


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
    """A prescriber's decision that the patient may be treated, for a time; the latest counts.

    It is for one treatment and rests on the chart of that day. A screen of a release that kept
    neither has no `rested_on`: only its date counts.
    """

    class Outcome(models.TextChoices):
        CLEARED = "cleared", "Cleared for treatment"
        NOT_CLEARED = "not_cleared", "Not cleared"

    class Asked(models.TextChoices):
        NONE = "none", "Asked: there are none"
        LISTED = "listed", "Asked: the list is complete"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="safety_screens")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    findings = models.TextField(blank=True)
    screened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    screened_at = models.DateTimeField()
    valid_until = models.DateField()
    drug = models.CharField(max_length=20, blank=True)
    route = models.CharField(max_length=10, blank=True)
    jurisdiction = models.CharField(max_length=10, blank=True)
    conditions_asked = models.CharField(max_length=10, choices=Asked.choices, blank=True)
    medicines_asked = models.CharField(max_length=10, choices=Asked.choices, blank=True)
    allergies_asked = models.CharField(max_length=10, choices=Asked.choices, blank=True)
    rested_on = models.JSONField(
        null=True, blank=True, editable=False, help_text="What the chart said, by its meaning."
    )

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-screened_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(outcome="cleared")
                | Q(rested_on__isnull=True)
                | ~Q(drug="")
                & ~Q(route="")
                & ~Q(jurisdiction="")
                & ~Q(conditions_asked="")
                & ~Q(medicines_asked="")
                & ~Q(allergies_asked=""),
                name="cleared_screen_asked_everything",
            )
        ]
        triggers = [audited(), append_only()]

    def __str__(self) -> str:
        return self.get_outcome_display()

    @property
    def treatment(self) -> Treatment:
        return Treatment(self.drug, self.route, self.jurisdiction)
