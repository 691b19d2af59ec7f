"""That somebody looked at what the medicines of a patient raise."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import append_only, audited
from clinic.models import Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from patients.models.patient import Patient


class MedicineReview(PublicRow):
    """An acknowledged alert, or a line that wasn't recognised and that a person looked at.

    It holds as long as the same rule finds the same ingredients with the same severity, or the
    line reads the same; anything else is another `about` and asks again.
    """

    class Kind(models.TextChoices):
        ALERT = "alert", "Alert acknowledged"
        LINE = "line", "Medicine checked by hand"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="medicine_reviews")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    about = models.CharField(max_length=64, help_text="A digest of what it holds for.")
    rule = models.CharField(max_length=60, blank=True)
    severity = models.CharField(max_length=20, blank=True)
    ingredients = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    medicines = ArrayField(
        models.CharField(max_length=300), help_text="The lines of the chart as they were then."
    )
    reason = models.CharField(max_length=300)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    acknowledged_at = models.DateTimeField()

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-acknowledged_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["patient", "about"], name="reviewed_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="medicine_review_has_a_reason"),
            models.CheckConstraint(
                condition=Q(kind="line", rule="", severity="")
                | (Q(kind="alert") & ~Q(rule="") & ~Q(severity="")),
                name="medicine_review_names_its_rule",
            ),
        ]
        triggers = [audited(), append_only()]

    def __str__(self) -> str:
        return self.get_kind_display()
