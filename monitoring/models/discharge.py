from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.audit_triggers import append_only
from clinic.models.scoping import PublicRow
from monitoring.models.scoping import SessionRowQuerySet
from sessions.models import TreatmentSession
from sessions.models.session import audited_child


class Escort(models.Model):
    """How the patient gets home; the newest row counts."""

    class Kind(models.TextChoices):
        ADULT = "adult", "Accompanying adult"
        MEDICAL_TRANSPORT = "medical_transport", "Medical transport"
        TAXI = "taxi", "Taxi"

    treatment_session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="escorts")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=40, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.name}"


class Instructions(models.TextChoices):
    """How the patient got the instructions for the way home."""

    PRINTED = "printed", "Printed and handed over"
    MAILED = "mailed", "Sent by e-mail"
    TOLD = "told", "Told, no paper wanted"


class DischargeAssessment(PublicRow):
    """A named clinician judged the patient at this moment; the newest row counts."""

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="discharge_assessments"
    )
    assessed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    assessed_at = models.DateTimeField()
    by_prescriber = models.BooleanField(default=False, help_text="At the time of the assessment.")
    ready = models.BooleanField()
    decisions = models.JSONField(
        default=dict, help_text="Condition code to the clinician's reason."
    )
    note = models.CharField(max_length=500, blank=True)

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        ordering = ["-assessed_at", "-pk"]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return "Ready to leave" if self.ready else "Not ready yet"


class Discharge(PublicRow):
    """The patient left: the gate as it stood, and who let it pass."""

    treatment_session = models.OneToOneField(
        TreatmentSession, models.PROTECT, related_name="discharge"
    )
    left_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    gate = models.JSONField(help_text="Each condition, met or not, with its words.")
    override_reason = models.CharField(max_length=240, blank=True)
    second_person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    outside_gate = models.BooleanField(
        default=False, help_text="Left already; recorded afterwards."
    )
    collected_kind = models.CharField(max_length=20, choices=Escort.Kind.choices, blank=True)
    collected_by = models.CharField(
        max_length=120, blank=True, help_text="Who stood at the door; may differ from the escort."
    )
    instructions = models.CharField(max_length=10, choices=Instructions.choices, blank=True)

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(override_reason="")
                | Q(outside_gate=True)
                | (Q(second_person__isnull=False) & ~Q(second_person=F("released_by"))),
                name="an_override_needs_two_people",
            ),
            models.CheckConstraint(
                condition=Q(outside_gate=False) | ~Q(override_reason=""),
                name="outside_the_gate_says_why",
            ),
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"Left {self.left_at:%Y-%m-%d %H:%M}"

    @property
    def unmet(self) -> list[str]:
        """Return what the patient left without, in the gate's words of that moment."""
        return [condition["text"] for condition in self.gate if not condition["met"]]
