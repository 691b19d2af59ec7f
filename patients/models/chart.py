"""What is known of the patient's body and medicines; imported rows keep their source id."""

from datetime import date

from django.db import models
from django.db.models import Q

from clinic.audit_triggers import audited, kept
from clinic.models import Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from patients.models.patient import Patient


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

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        abstract = True
        triggers = [audited(), kept()]


def one_row_per_source(name: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=["patient", "source_id"], name=name, condition=~Q(source_id="")
    )


class Condition(ChartRow):
    text = models.CharField(max_length=300)
    code = models.CharField(max_length=40, blank=True)
    code_system = models.CharField(max_length=200, blank=True)
    clinical_status = models.CharField(max_length=20, default="active")
    onset_on = models.DateField(null=True, blank=True)
    abated_on = models.DateField(null=True, blank=True)

    class Meta(ChartRow.Meta):
        ordering = ["-onset_on", "text"]
        constraints = [one_row_per_source("condition_per_source")]

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
        constraints = [one_row_per_source("medication_per_source")]

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
        constraints = [one_row_per_source("allergy_per_source")]

    def __str__(self) -> str:
        return self.text

    @property
    def is_active(self) -> bool:
        return self.status == "active" and not self.entered_in_error

    @property
    def says_none_known(self) -> bool:
        return self.code == NO_KNOWN_ALLERGY


class BodyMeasure(ChartRow):
    class Kind(models.TextChoices):
        WEIGHT = "weight", "Weight (kg)"
        HEIGHT = "height", "Height (cm)"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.DecimalField(max_digits=6, decimal_places=2)
    observed_at = models.DateTimeField()

    class Meta(ChartRow.Meta):
        ordering = ["-observed_at", "-pk"]
        constraints = [
            one_row_per_source("measure_per_source"),
            models.CheckConstraint(
                condition=Q(kind="weight", value__range=(2, 400))
                | Q(kind="height", value__range=(30, 260)),
                name="body_measure_in_range",
                violation_error_message=(
                    "Enter kilograms from 2 to 400, centimeters from 30 to 260."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value} {'kg' if self.kind == self.Kind.WEIGHT else 'cm'}"
