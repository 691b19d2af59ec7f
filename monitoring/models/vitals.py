from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.audit_triggers import append_only
from clinic.models.scoping import PublicRow
from monitoring.models.scoping import StandingQuerySet
from sessions.models import TreatmentSession
from sessions.models.session import audited_child

# Beyond these the device or the typing is wrong (docs/decisions); the form asks before that.
HARD_LIMITS: dict[str, tuple[float, float]] = {
    "systolic": (50, 300),
    "diastolic": (20, 200),
    "pulse": (20, 300),
    "spo2": (50, 100),
    "oxygen_l_min": (0, 60),
    "respiratory_rate": (2, 80),
    "temperature": (30, 44),
    "sedation": (0, 5),
    "dissociation": (0, 3),
}


def in_range(measure: str, low: float, high: float) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(**{f"{measure}__isnull": True}) | Q(**{f"{measure}__range": (low, high)}),
        name=f"{measure}_in_range",
    )


class VitalSigns(PublicRow):
    """One set at one time. NULL is not obtained, and never counts as normal."""

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="vital_signs"
    )
    observed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    systolic = models.PositiveSmallIntegerField("systolic (mmHg)", null=True, blank=True)
    diastolic = models.PositiveSmallIntegerField("diastolic (mmHg)", null=True, blank=True)
    pulse = models.PositiveSmallIntegerField("pulse (/min)", null=True, blank=True)
    spo2 = models.PositiveSmallIntegerField("SpO₂ (%)", null=True, blank=True)
    oxygen_l_min = models.DecimalField(
        "oxygen (L/min)", max_digits=4, decimal_places=1, null=True, blank=True
    )
    respiratory_rate = models.PositiveSmallIntegerField(
        "respiratory rate (/min)", null=True, blank=True
    )
    temperature = models.DecimalField(
        "temperature (°C)", max_digits=3, decimal_places=1, null=True, blank=True
    )
    sedation = models.PositiveSmallIntegerField("MOAA/S", null=True, blank=True)
    dissociation = models.PositiveSmallIntegerField("dissociation", null=True, blank=True)
    not_obtained = models.CharField(max_length=240, blank=True, help_text="Why values are missing.")
    late_reason = models.CharField(max_length=240, blank=True)
    note = models.CharField(max_length=500, blank=True)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    reason = models.CharField(max_length=240, blank=True, help_text="Why it was corrected.")
    entered_in_error = models.BooleanField(default=False)

    objects = StandingQuerySet.as_manager()

    class Meta:
        ordering = ["observed_at", "pk"]
        verbose_name_plural = "vital signs"
        constraints = [
            *(in_range(measure, low, high) for measure, (low, high) in HARD_LIMITS.items()),
            models.CheckConstraint(
                condition=Q(systolic__isnull=True, diastolic__isnull=True)
                | Q(systolic__gt=F("diastolic")),
                name="blood_pressure_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True) | ~Q(reason=""), name="a_correction_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["treatment_session", "-observed_at"], name="vitals_of_a_session")
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"Vital signs {self.observed_at:%Y-%m-%d %H:%M}"
