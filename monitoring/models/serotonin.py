from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import append_only
from clinic.models.scoping import PublicRow
from monitoring.hunter import SIGNS, Exam, Result, judge
from monitoring.models.events import AdverseEvent
from monitoring.models.scoping import StandingQuerySet
from monitoring.models.vitals import HARD_LIMITS
from sessions.models import TreatmentSession
from sessions.models.session import audited_child


class SerotoninCheck(PublicRow):
    """The Hunter criteria at the bedside. NULL is not examined, and never counts as absent."""

    class Verdict(models.TextChoices):
        POSITIVE = "positive", "Positive"
        NEGATIVE = "negative", "Negative"
        INDETERMINATE = "indeterminate", "Can't be decided yet"
        NOT_APPLICABLE = "not_applicable", "Not applicable: no serotonergic medicine"

    class Tier(models.TextChoices):
        MILD = "mild", "mild"
        MODERATE = "moderate", "moderate"
        SEVERE = "severe", "severe"

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="serotonin_checks"
    )
    observed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    exposed = models.BooleanField(null=True)
    spontaneous_clonus = models.BooleanField(null=True)
    inducible_clonus = models.BooleanField(null=True)
    ocular_clonus = models.BooleanField(null=True)
    agitation = models.BooleanField(null=True)
    diaphoresis = models.BooleanField(null=True)
    tremor = models.BooleanField(null=True)
    hyperreflexia = models.BooleanField(null=True)
    hypertonia = models.BooleanField(null=True)
    temperature = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    further_signs = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    tier = models.CharField(max_length=10, choices=Tier.choices, blank=True)
    note = models.CharField(max_length=500, blank=True)
    event = models.ForeignKey(
        AdverseEvent, models.PROTECT, null=True, related_name="+", help_text="What it reported."
    )
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    reason = models.CharField(max_length=240, blank=True, help_text="Why it was corrected.")
    entered_in_error = models.BooleanField(default=False)

    objects = StandingQuerySet.as_manager()

    class Meta:
        ordering = ["observed_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(temperature__isnull=True)
                | Q(temperature__range=HARD_LIMITS["temperature"]),
                name="examined_temperature_in_range",
            ),
            models.CheckConstraint(
                condition=Q(verdict="indeterminate", exposed__isnull=True)
                | Q(verdict="indeterminate", exposed=True)
                | Q(verdict="not_applicable", exposed__isnull=False, exposed=False)
                | Q(verdict__in=["positive", "negative"], exposed__isnull=False, exposed=True),
                name="a_hunter_verdict_knows_the_exposure",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True, entered_in_error=False)
                | (Q(supersedes__isnull=False) & ~Q(reason="")),
                name="a_corrected_serotonin_check_says_why",
            ),
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"Serotonin check: {self.get_verdict_display().lower()}"

    @property
    def exam(self) -> Exam:
        named = {name: getattr(self, name) for name in (*SIGNS, "exposed", "temperature")}
        return Exam(**named)

    @property
    def result(self) -> Result:
        return judge(self.exam)
