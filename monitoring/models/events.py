from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import append_only
from clinic.models.scoping import PublicRow
from monitoring.models.scoping import SessionRowQuerySet, StandingQuerySet
from sessions.models import TreatmentSession
from sessions.models.session import audited_child


class MissedCheck(models.Model):
    """A due check that nobody can make up for: why, and who says so.

    Entered in error is a row that supersedes it; missed after that supersedes the error. So the
    rows of one label form a line, and its last one stands.
    """

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="missed_checks"
    )
    label = models.CharField(max_length=60)
    reason = models.CharField(max_length=240)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    entered_in_error = models.BooleanField(default=False)

    objects = StandingQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["treatment_session", "label"],
                condition=Q(supersedes__isnull=True),
                name="a_check_is_missed_once",
                violation_error_message="This check is settled already.",
            ),
            models.CheckConstraint(
                condition=Q(entered_in_error=False) | Q(supersedes__isnull=False),
                name="an_error_names_the_missed_check",
            ),
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"{self.label}: {self.reason}"


class AdverseEventQuerySet(StandingQuerySet):
    def open(self) -> Self:
        return self.standing().filter(resolution__isnull=True)


class AdverseEvent(PublicRow):
    """What happened to the patient; how it ended, or that it did not happen, is another row."""

    class Severity(models.TextChoices):
        MILD = "mild"
        MODERATE = "moderate"
        SEVERE = "severe"

    class Seriousness(models.TextChoices):
        DEATH = "death", "Death"
        LIFE_THREATENING = "life_threatening", "Danger to life"
        HOSPITALISATION = "hospitalisation", "Hospital stay"
        DISABILITY = "disability", "Lasting disability"
        IMPORTANT = "important_medical_event", "Important medical event"

    class MedicineAction(models.TextChoices):
        NONE = "none", "Nothing changed"
        NEXT_WITHHELD = "next_withheld", "Next device withheld"
        SLOWED = "infusion_slowed", "Infusion slowed"
        PAUSED = "infusion_paused", "Infusion paused"
        STOPPED = "infusion_stopped", "Infusion stopped"
        DOSE_NEXT_TIME = "dose_changed_next_time", "Dose changed next time"
        TREATED = "treatment_given", "Treatment given"

    class Relation(models.TextChoices):
        UNKNOWN = "unknown", "Not judged"
        RELATED = "related", "Related"
        POSSIBLE = "possible", "Possible"
        UNLIKELY = "unlikely", "Unlikely"
        UNRELATED = "unrelated", "Not related"

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="adverse_events"
    )
    term = models.CharField(max_length=120)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    serious = models.BooleanField(default=False)
    seriousness = ArrayField(
        models.CharField(max_length=30, choices=Seriousness.choices), default=list, blank=True
    )
    onset_at = models.DateTimeField()
    action = models.CharField(max_length=240, blank=True)
    medicine_actions = ArrayField(
        models.CharField(max_length=30, choices=MedicineAction.choices), default=list, blank=True
    )
    relation = models.CharField(max_length=10, choices=Relation.choices, default=Relation.UNKNOWN)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    reason = models.CharField(max_length=240, blank=True, help_text="Why it was an error.")
    entered_in_error = models.BooleanField(default=False)

    objects = AdverseEventQuerySet.as_manager()

    class Meta:
        ordering = ["onset_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True, entered_in_error=False)
                | (Q(supersedes__isnull=False, entered_in_error=True) & ~Q(reason="")),
                name="an_event_in_error_says_why",
            ),
            models.CheckConstraint(
                condition=Q(seriousness=[]) | Q(serious=True), name="any_criterion_makes_it_serious"
            ),
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return self.term

    @property
    def resolved_at(self) -> datetime | None:
        """When it ended; select `resolution` along with lists of events."""
        ended = getattr(self, "resolution", None)
        return ended.resolved_at if ended else None

    @property
    def serious_words(self) -> str:
        """Say why it is serious: "danger to life, hospital stay"."""
        return ", ".join(self.Seriousness(code).label.lower() for code in self.seriousness)

    @property
    def medicine_words(self) -> str:
        """Say what was done with the medicine."""
        labels = [self.MedicineAction(code).label for code in self.medicine_actions]
        return ", ".join(labels).capitalize()


class Outcome(models.TextChoices):
    RESOLVED = "resolved", "Resolved"
    SEQUELAE = "resolved_with_sequelae", "Resolved with lasting effects"
    RESOLVING = "resolving", "Getting better"
    NOT_RESOLVED = "not_resolved", "Not resolved"
    FATAL = "fatal", "Fatal"
    UNKNOWN = "unknown", "Unknown"


STILL_OPEN = (Outcome.RESOLVING, Outcome.NOT_RESOLVED)


class AdverseEventFollowUp(models.Model):
    """How an adverse event stood at a time while it went on."""

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="adverse_event_follow_ups"
    )
    event = models.ForeignKey(AdverseEvent, models.PROTECT, related_name="follow_ups")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=30, choices=[(o.value, o.label) for o in STILL_OPEN])
    words = models.CharField(max_length=240)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.words}"


class AdverseEventResolution(models.Model):
    """How an adverse event ended, once."""

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="adverse_event_resolutions"
    )
    event = models.OneToOneField(AdverseEvent, models.PROTECT, related_name="resolution")
    resolved_at = models.DateTimeField()
    outcome = models.CharField(
        max_length=30,
        choices=[(o.value, o.label) for o in Outcome if o not in STILL_OPEN],
        default=Outcome.RESOLVED,
    )
    resolution = models.CharField(max_length=240)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        ordering = ["resolved_at", "pk"]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return self.resolution
