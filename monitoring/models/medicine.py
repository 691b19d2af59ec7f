from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import append_only
from clinic.models.scoping import PublicRow
from monitoring.medicines import CLASSES, EFFECTS
from monitoring.models.scoping import StandingQuerySet
from sessions.models import TreatmentSession
from sessions.models.session import audited_child


class MedicationGiven(PublicRow):
    """Another medicine given in the visit, and what it does to the observation after the dose.

    A correction supersedes, as with vital signs.
    """

    class Route(models.TextChoices):
        ORAL = "oral", "By mouth"
        SUBLINGUAL = "sublingual", "Under the tongue"
        IV = "iv", "Into a vein"
        IM = "im", "Into a muscle"
        OTHER = "other", "Another way"

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="medications_given"
    )
    drug = models.CharField(max_length=120)
    drug_class = models.CharField(
        max_length=20, choices=[(code, one.words) for code, one in CLASSES.items()]
    )
    dose = models.CharField(max_length=60)
    route = models.CharField(max_length=12, choices=Route.choices)
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    why = models.CharField(max_length=240, help_text="What it was given for.")
    effect = models.CharField(max_length=8, choices=list(EFFECTS.items()))
    minutes = models.PositiveSmallIntegerField(
        default=0, help_text="To the recheck; for as long the patient is observed at least."
    )
    effect_reason = models.CharField(
        max_length=240, blank=True, help_text="Why a prescriber chose less than the default."
    )
    recorded_at = models.DateTimeField()
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    reason = models.CharField(max_length=240, blank=True, help_text="Why it was corrected.")
    entered_in_error = models.BooleanField(default=False)

    objects = StandingQuerySet.as_manager()

    class Meta:
        ordering = ["given_at", "pk"]
        verbose_name_plural = "medications given"
        constraints = [
            models.CheckConstraint(
                condition=Q(effect="none", minutes=0)
                | Q(effect__in=["recheck", "restart"], minutes__range=(1, 24 * 60)),
                name="an_effect_on_the_clock_has_its_minutes",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True, entered_in_error=False)
                | (Q(supersedes__isnull=False) & ~Q(reason="")),
                name="a_corrected_medicine_says_why",
            ),
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"{self.drug} {self.dose}"
