from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import append_only
from clinic.models.scoping import PublicRow
from monitoring.models.events import AdverseEvent
from monitoring.models.scoping import StandingQuerySet
from monitoring.models.taps import Tap
from sessions.models import TreatmentSession
from sessions.models.session import audited_child

SUDS, PEAK, END = "suds", "peak", "end"


class PanicEpisode(PublicRow):
    """Panic or anxiety in a session; how it went is told by its entries.

    Its adverse event stands at the door until the episode has ended.
    """

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="panic_episodes"
    )
    onset_at = models.DateTimeField()
    trigger = models.CharField(max_length=240, blank=True)
    symptoms = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    event = models.ForeignKey(AdverseEvent, models.PROTECT, related_name="panic_episodes")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    reason = models.CharField(max_length=240, blank=True, help_text="Why it was an error.")
    entered_in_error = models.BooleanField(default=False)

    objects = StandingQuerySet.as_manager()

    class Meta:
        ordering = ["onset_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True, entered_in_error=False)
                | (Q(supersedes__isnull=False, entered_in_error=True) & ~Q(reason="")),
                name="a_panic_episode_in_error_says_why",
            )
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return "Panic or anxiety"


class PanicEntry(Tap):
    """A step of the response, a score, the peak or the end of an episode."""

    episode = models.ForeignKey(PanicEpisode, models.PROTECT, related_name="entries")
    suds = models.PositiveSmallIntegerField("SUDS, 0 to 10", null=True, blank=True)
    outcome = models.CharField(max_length=30, blank=True)
    next_session = models.CharField(max_length=30, blank=True)

    class Meta(Tap.Meta):
        constraints = [
            *Tap.Meta.constraints,
            models.CheckConstraint(
                condition=Q(code="suds", suds__isnull=False, suds__range=(0, 10))
                | (~Q(code="suds") & Q(suds__isnull=True)),
                name="suds_is_0_to_10",
            ),
            models.CheckConstraint(
                condition=Q(code="end") & ~Q(outcome="") | ~Q(code="end") & Q(outcome=""),
                name="a_panic_ends_with_an_outcome",
            ),
        ]
