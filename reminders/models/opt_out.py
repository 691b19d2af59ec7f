from django.db import models
from django.db.models import Q

from clinic.audit_triggers import audited, kept
from clinic.models import Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from patients.models import Patient
from reminders.kinds import Kind


class OptOut(PublicRow):
    """A kind of message that the patient doesn't want; of all kinds it is a withdrawn consent."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="opt_outs")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "kind"],
                name="one_standing_opt_out",
                condition=Q(ended_at__isnull=True),
            )
        ]
        triggers = [audited(), kept()]

    def __str__(self) -> str:
        return f"No “{self.get_kind_display()}”"
