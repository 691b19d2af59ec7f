from datetime import timedelta
from zlib import crc32

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import audited, kept
from clinic.models import Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from reminders.kinds import BEFORE, BY_THE_CHART, RULED
from reminders.rules import Timing
from sessions.models import TreatmentSession

MOST_HOURS = 90 * 24
MOST_RULES = 40
EDITED = ("name", "protocol_key", "is_active", "how", "hours", "days", "at", "useful_hours")


class MessageRule(PublicRow):
    """When a clinic writes to its patients: one message for each visit or date that it fits.

    A change counts from the next sweep on for everything that is not sent yet: `revision` tells
    which messages were planned by an older state of the rule.
    """

    class How(models.TextChoices):
        ELAPSED = "elapsed", "So many hours before or after"
        WALL = "wall", "On a day before or after, at a time on the patient's clock"

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="message_rules")
    key = models.SlugField(max_length=40, editable=False)
    name = models.CharField(
        max_length=60, help_text="As staff see it in the ledger: “Reminder, 3 days before”."
    )
    kind = models.CharField(max_length=20, choices=[(k.value, k.label) for k in RULED])
    protocol_key = models.SlugField(
        "protocol",
        max_length=60,
        blank=True,
        help_text="Only for courses of this protocol, whichever version. Empty: for all of them.",
    )
    is_active = models.BooleanField("in use", default=True)
    how = models.CharField("counts by", max_length=10, choices=How.choices, default=How.ELAPSED)
    hours = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(MOST_HOURS)],
        help_text="Before the visit; after it for missed sessions and follow-ups. For “booked at "
        "short notice”: it was booked or moved less than so long before.",
    )
    days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(90)],
        help_text="Before the visit, the due date or the consent's last day; after a visit.",
    )
    at = models.TimeField("at", null=True, blank=True, help_text="On the patient's own clock.")
    useful_hours = models.PositiveSmallIntegerField(
        "of use (hours)",
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_HOURS)],
        help_text="Before a visit: not sent later than so long before it. Otherwise: not sent "
        "later than so long after its time.",
    )
    revision = models.PositiveIntegerField(default=1, editable=False)
    in_force_since = models.DateTimeField(editable=False)

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["clinic", "kind", "-hours", "-days", "pk"]
        verbose_name = "message rule"
        constraints = [
            models.UniqueConstraint(fields=["clinic", "key"], name="message_rule_key_per_clinic"),
            models.CheckConstraint(
                condition=Q(how="elapsed", hours__isnull=False, days__isnull=True, at__isnull=True)
                | Q(how="wall", hours__isnull=True, days__isnull=False, at__isnull=False),
                name="a_message_rule_counts_one_way",
                violation_error_message="Enter hours, or a number of days with a time: one of both "
                "ways of counting.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="late_booking") | Q(how="elapsed"),
                name="short_notice_counts_hours",
                violation_error_message="Short notice counts in hours before the visit.",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["questionnaire", "consent_expiring"]) | Q(how="wall"),
                name="dates_of_the_chart_count_days",
                violation_error_message="Dates of the chart count in days, with a time.",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["questionnaire", "consent_expiring"]) | Q(protocol_key=""),
                name="dates_of_the_chart_have_no_protocol",
                violation_error_message="Dates of the chart are of no protocol: leave it empty.",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=[kind.value for kind in sorted(BEFORE)])
                | Q(how="wall")
                | Q(hours__gt=models.F("useful_hours")),
                name="a_reminder_has_time_to_go",
                violation_error_message="It would never go: it is of use only until a time "
                "before the one at which it is due.",
            ),
            models.CheckConstraint(
                condition=Q(hours__lte=MOST_HOURS) | Q(hours__isnull=True),
                name="message_rule_hours_in_bounds",
            ),
            models.CheckConstraint(
                condition=Q(days__lte=90) | Q(days__isnull=True), name="message_rule_days_in_bounds"
            ),
            models.CheckConstraint(
                condition=Q(useful_hours__gte=1, useful_hours__lte=MOST_HOURS),
                name="message_rule_use_in_bounds",
            ),
        ]
        triggers = [audited(patient="NULL::bigint"), kept()]

    def __str__(self) -> str:
        return self.name

    def fits(self, session: TreatmentSession) -> bool:
        return not self.protocol_key or self.protocol_key == session.course.protocol.key

    @property
    def seen(self) -> str:
        """Tell this state of the rule from every other one, as far as an administrator edits it."""
        shown = [getattr(self, name) for name in EDITED]
        return f"{self.revision}-{crc32(repr(shown).encode()):08x}"

    @property
    def timing(self) -> Timing:
        return Timing(
            kind=self.kind,
            hours=self.hours,
            days=self.days,
            at=self.at,
            useful=timedelta(hours=self.useful_hours),
            since=self.in_force_since,
        )

    @property
    def span(self) -> timedelta:
        """Return how long at most lies between its time and what it counts from."""
        if self.hours is not None:
            return timedelta(hours=self.hours)
        return timedelta(days=(self.days or 0) + 1)

    @property
    def is_for_visits(self) -> bool:
        return self.kind not in BY_THE_CHART
