from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import append_only
from clinic.models import Policy
from clinic.models.scoping import PublicRow
from clinic.provenance import Certainty, Source
from monitoring.models.scoping import SessionRowQuerySet
from sessions.models import TreatmentSession
from sessions.models.session import audited_child


class RemsPolicy(Policy):
    """By when the Patient Monitoring Form has to be with REMS."""

    file_within_days = models.PositiveSmallIntegerField(
        default=7, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )

    SOURCES = {
        "file_within_days": Source(
            "Clinical reference 3.3: after every session, within 7 days [JNJPMF, PMF21, REMSENR]",
            Certainty.READ,
        ),
    }

    class Meta(Policy.Meta):
        verbose_name = "REMS settings"
        verbose_name_plural = "REMS settings"


class RemsForm(PublicRow):
    """What a clinician told for the Patient Monitoring Form; the newest row counts.

    Only what the session's log can't tell is in it; the form itself is derived each time.
    """

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="rems_forms"
    )
    answers = models.JSONField(help_text="Question to answer; without a key it was not answered.")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        verbose_name = "REMS answers"
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"REMS answers {self.recorded_at:%Y-%m-%d %H:%M}"


class RemsFiling(PublicRow):
    """The form as it went to REMS; a corrected one is filed again, in a row of its own."""

    class Channel(models.TextChoices):
        ONLINE = "online", "Online"
        FAX = "fax", "Fax"

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="rems_filings"
    )
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    channel = models.CharField(max_length=10, choices=Channel.choices)
    reference = models.CharField(max_length=80, blank=True, help_text="As REMS confirmed it.")
    snapshot = models.JSONField(help_text="Every field as it was filed.")
    missing = models.JSONField(default=list, help_text="Labels of required fields without value.")
    incomplete_reason = models.CharField(max_length=240, blank=True)

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        verbose_name = "REMS filing"
        constraints = [
            models.CheckConstraint(
                condition=Q(missing=[]) | ~Q(incomplete_reason=""),
                name="an_incomplete_filing_says_why",
            )
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"Filed {self.filed_at:%Y-%m-%d %H:%M}"
