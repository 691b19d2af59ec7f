from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.audit_triggers import append_only
from clinic.models.scoping import PublicRow
from monitoring.models.scoping import SessionRowQuerySet
from sessions.models import TreatmentSession
from sessions.models.session import audited_child


class CriticalAcknowledgement(PublicRow):
    """Somebody saw critical values, and what was done; it covers those readings and no later."""

    class How(models.TextChoices):
        SEEN = "seen", "Seen"
        INFORMED = "informed", "Prescriber informed"
        PRESCRIBER = "prescriber", "Prescriber saw it"

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="critical_acknowledgements"
    )
    how = models.CharField(max_length=12, choices=How.choices)
    alerts = models.JSONField(
        help_text="Each alert as it was shown: measure, setting, value, time."
    )
    digest = models.CharField(max_length=64, help_text="Of the alerts, as the form showed them.")
    action = models.CharField(max_length=240, help_text="What was done.")
    informed_name = models.CharField(max_length=120, blank=True)
    informed_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(how="informed", informed_at__isnull=False) & ~Q(informed_name="")
                | ~Q(how="informed") & Q(informed_at__isnull=True, informed_name=""),
                name="an_informed_prescriber_has_name_and_time",
            ),
            models.CheckConstraint(
                condition=~Q(action=""), name="an_acknowledgement_says_what_was_done"
            ),
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"{self.get_how_display()}, {self.at:%H:%M}"


class WatchAssignment(PublicRow):
    """Who watches a patient: taken over by the watcher's own tap, or offered to a colleague."""

    class Kind(models.TextChoices):
        TOOK = "took", "Took over"
        OFFERED = "offered", "Offered"

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="watch_assignments"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    watcher = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        help_text="Who watches from then on, or is asked to.",
    )
    before = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who watched until then.",
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="took", watcher=F("by")) | Q(kind="offered") & ~Q(watcher=F("by")),
                name="a_watcher_takes_over_by_their_own_tap",
            ),
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%H:%M}"
