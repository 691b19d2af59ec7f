from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import audited, kept
from clinic.models import Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from patients.models.patient import Patient


class MailHold(PublicRow):
    """No automatic mail goes to this patient until a person lifts it."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="mail_holds")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=240)
    since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    lifting_note = models.CharField(max_length=240, blank=True)

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                name="one_mail_hold_at_a_time",
                condition=Q(lifted_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | ~Q(lifting_note=""),
                name="a_lifted_hold_says_why",
            ),
        ]
        triggers = [audited(), kept()]

    def __str__(self) -> str:
        return self.reason
