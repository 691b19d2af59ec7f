from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.audit_triggers import audited, kept
from clinic.models import Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from patients.models.patient import Patient


class RemsEnrolmentQuerySet(ClinicScopedQuerySet):
    def standing(self) -> Self:
        return self.filter(ended_on__isnull=True)


class RemsEnrolment(PublicRow):
    """The patient is enrolled in REMS, by a form that both signed; one that ended stays."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="rems_enrolments")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    enrolled_on = models.DateField()
    number = models.CharField("enrolment number", max_length=40)
    patient_signed_on = models.DateField()
    prescriber = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who signed."
    )
    prescriber_signed_on = models.DateField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    ended_on = models.DateField(null=True, blank=True, help_text="The first day without it.")
    ending_reason = models.CharField(max_length=240, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When that was written.")

    objects = RemsEnrolmentQuerySet.as_manager()

    class Meta:
        ordering = ["-enrolled_on", "-pk"]
        verbose_name = "REMS enrolment"
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(ended_on__isnull=True),
                name="one_standing_rems_enrolment",
                violation_error_message="The patient is enrolled already.",
            ),
            models.CheckConstraint(
                condition=Q(
                    ended_on__isnull=True,
                    ended_by__isnull=True,
                    ended_at__isnull=True,
                    ending_reason="",
                )
                | Q(ended_on__gte=F("enrolled_on"), ended_by__isnull=False, ended_at__isnull=False)
                & ~Q(ending_reason=""),
                name="an_ended_enrolment_says_why",
            ),
        ]
        triggers = [audited(), kept()]

    def __str__(self) -> str:
        return f"REMS {self.number}"

    def stands_on(self, day: date) -> bool:
        return self.enrolled_on <= day and (self.ended_on is None or day < self.ended_on)
