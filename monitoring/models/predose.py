from django.conf import settings
from django.db import models

from clinic.audit_triggers import append_only
from clinic.models.scoping import PublicRow
from monitoring.models.scoping import SessionRowQuerySet
from sessions.models import TreatmentSession
from sessions.models.session import audited_child


class Answer(models.TextChoices):
    """Blank is never “no”: each question wants one of these."""

    YES = "yes", "Yes"
    NO = "no", "No"


class PreDoseCheck(PublicRow):
    """The answers before today's dose; a repeated check is a new row and the newest counts."""

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="predose_checks"
    )
    identity_confirmed = models.CharField(max_length=3, choices=Answer.choices)
    no_food_2h = models.CharField("No food for 2 hours", max_length=3, choices=Answer.choices)
    no_fluids_30min = models.CharField(
        "No liquids for 30 minutes", max_length=3, choices=Answer.choices
    )
    no_nasal_products_1h = models.CharField(
        "No nasal spray for 1 hour", max_length=3, choices=Answer.choices
    )
    transport_arranged = models.CharField(max_length=3, choices=Answer.choices)
    new_medicines = models.CharField(
        "New medicines since last time", max_length=3, choices=Answer.choices
    )
    new_medicines_text = models.CharField(max_length=300, blank=True)
    substance_use_today = models.CharField(
        "Alcohol or drugs today", max_length=3, choices=Answer.choices
    )
    fit_today = models.CharField(
        "Mental state allows treatment", max_length=3, choices=Answer.choices
    )
    note = models.CharField(max_length=500, blank=True)
    decision_reason = models.CharField(
        max_length=240, blank=True, help_text="Why a prescriber lets treatment go on all the same."
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    completed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    completed_at = models.DateTimeField()

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        ordering = ["-completed_at", "-pk"]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"Pre-dose check {self.completed_at:%Y-%m-%d %H:%M}"
