"""What is known of the patient's body and medicines; imported rows keep their source id."""

from datetime import date, datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import audited, kept
from clinic.models import Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from patients.measures import POSSIBLE
from patients.models.patient import Patient

ERROR_FIELDS = ("entered_in_error", "error_reason", "error_at", "error_by")


class ChartRowQuerySet(ClinicScopedQuerySet):
    def standing(self) -> Self:
        """Without what was entered in error."""
        return self.filter(entered_in_error=False)

    def active(self) -> Self:
        """Medicines and allergies that may stand now; a medicine may end on a day."""
        return self.standing().filter(status="active")


class ChartRow(PublicRow):
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="%(class)s_set")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    source_id = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="Dosage, uncertain dates, doubt.")
    changed_here = models.BooleanField(
        default=False, help_text="An imported row that staff changed: an import leaves it alone."
    )
    recorded_at = models.DateTimeField(auto_now_add=True)
    entered_in_error = models.BooleanField(default=False)
    error_reason = models.CharField(max_length=240, blank=True)
    error_at = models.DateTimeField(null=True, blank=True)
    error_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty when an import by command replaced the row.",
    )

    objects = ChartRowQuerySet.as_manager()

    class Meta:
        abstract = True
        triggers = [audited(), kept()]

    def mark_error(self, reason: str, *, at: datetime, by_pk: int | None) -> None:
        """Set what says that this row is wrong; the caller saves ERROR_FIELDS."""
        self.entered_in_error, self.error_reason = True, reason
        self.error_at, self.error_by_id = at, by_pk


def one_row_per_source(name: str, **only: bool) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=["patient", "source_id"], name=name, condition=~Q(source_id="") & Q(**only)
    )


def error_is_explained(name: str) -> models.CheckConstraint:
    no_error = Q(entered_in_error=False, error_reason="", error_at=None, error_by=None)
    explained = Q(entered_in_error=True, error_at__isnull=False) & ~Q(error_reason="")
    return models.CheckConstraint(condition=no_error | explained, name=name)


class Condition(ChartRow):
    text = models.CharField(max_length=300)
    code = models.CharField(max_length=40, blank=True)
    code_system = models.CharField(max_length=200, blank=True)
    clinical_status = models.CharField(max_length=20, default="active")
    onset_on = models.DateField(null=True, blank=True)
    abated_on = models.DateField(null=True, blank=True)

    class Meta(ChartRow.Meta):
        ordering = ["-onset_on", "text"]
        constraints = [
            one_row_per_source("condition_per_source"),
            error_is_explained("condition_error_is_explained"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_active(self) -> bool:
        return (
            self.clinical_status in {"active", "recurrence", "relapse"}
            and not self.entered_in_error
        )


class Medication(ChartRow):
    """A medicine as prescribed elsewhere or told by the patient; the text is kept as it came."""

    text = models.CharField(max_length=300)
    code = models.CharField(max_length=40, blank=True)
    code_system = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=20, default="active")
    started_on = models.DateField(null=True, blank=True)
    stopped_on = models.DateField(null=True, blank=True)

    class Meta(ChartRow.Meta):
        ordering = ["-started_on", "text"]
        constraints = [
            one_row_per_source("medication_per_source"),
            error_is_explained("medication_error_is_explained"),
        ]

    def __str__(self) -> str:
        return self.text

    def is_current(self, today: date) -> bool:
        ended = self.stopped_on is not None and self.stopped_on <= today
        return self.status == "active" and not ended and not self.entered_in_error


SNOMED = "http://snomed.info/sct"
NO_KNOWN_ALLERGY = "716186003"  # SNOMED CT


class Allergy(ChartRow):
    """What the patient reacts to; or one row that says that nothing is known, after asking."""

    text = models.CharField(max_length=300)
    code = models.CharField(max_length=40, blank=True)
    code_system = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=40, blank=True)
    criticality = models.CharField(max_length=20, blank=True)
    reaction = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=20, default="active")

    class Meta(ChartRow.Meta):
        ordering = ["text"]
        verbose_name_plural = "allergies"
        constraints = [
            one_row_per_source("allergy_per_source"),
            error_is_explained("allergy_error_is_explained"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_active(self) -> bool:
        return self.status == "active" and not self.entered_in_error

    @property
    def says_none_known(self) -> bool:
        return self.code == NO_KNOWN_ALLERGY


class BodyMeasure(ChartRow):
    """A dose may rest on it: its value never changes, another one is a new row."""

    class Kind(models.TextChoices):
        WEIGHT = "weight", "Weight (kg)"
        HEIGHT = "height", "Height (cm)"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.DecimalField(max_digits=6, decimal_places=2)
    observed_at = models.DateTimeField()

    class Meta(ChartRow.Meta):
        ordering = ["-observed_at", "-pk"]
        constraints = [
            one_row_per_source("measure_per_source", entered_in_error=False),
            error_is_explained("measure_error_is_explained"),
            models.CheckConstraint(
                condition=Q(kind="weight", value__range=POSSIBLE["weight"])
                | Q(kind="height", value__range=POSSIBLE["height"]),
                name="body_measure_in_range",
                violation_error_message=(
                    "Enter kilograms from {} to {}, centimeters from {} to {}.".format(
                        *POSSIBLE["weight"], *POSSIBLE["height"]
                    )
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value} {'kg' if self.kind == self.Kind.WEIGHT else 'cm'}"
