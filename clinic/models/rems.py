"""What the US safety programme for nasal esketamine wants of a site and of its prescribers."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.audit_triggers import audited, kept
from clinic.models.people import Clinic
from clinic.models.scoping import ClinicScopedQuerySet


class RemsCertification(models.Model):
    """The site was certified; a renewal is another row, and the newest one counts."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="rems_certifications")
    certified_on = models.DateField()
    expires_on = models.DateField(null=True, blank=True, help_text="Empty: it has no end.")
    number = models.CharField("site or pharmacy number", max_length=40)
    representative = models.CharField("authorised representative", max_length=120)

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-certified_on", "-pk"]
        verbose_name = "REMS certification"
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_on__isnull=True) | Q(expires_on__gte=F("certified_on")),
                name="certification_ends_after_it_begins",
                violation_error_message="It ends before it begins.",
            )
        ]
        triggers = [audited(patient="NULL::bigint"), kept()]

    def __str__(self) -> str:
        return f"REMS certification {self.number}"

    def stands_on(self, day: date) -> bool:
        return self.certified_on <= day and (self.expires_on is None or day <= self.expires_on)


class PrescriberEnrolment(models.Model):
    """A prescriber is enrolled in REMS for this site, until it is ended."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="rems_prescribers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    enrolled_on = models.DateField()
    number = models.CharField("enrolment number", max_length=40, blank=True)
    ended_on = models.DateField(null=True, blank=True, help_text="The first day without it.")

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["clinic", "-enrolled_on", "pk"]
        verbose_name = "REMS prescriber"
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "person"],
                condition=Q(ended_on__isnull=True),
                name="one_standing_prescriber_enrolment",
                violation_error_message="This prescriber is enrolled here already.",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("enrolled_on")),
                name="prescriber_enrolment_ends_after_it_begins",
                violation_error_message="It ends before it begins.",
            ),
        ]
        triggers = [audited(patient="NULL::bigint"), kept()]

    def __str__(self) -> str:
        return f"{self.person} in REMS"

    def stands_on(self, day: date) -> bool:
        return self.enrolled_on <= day and (self.ended_on is None or day < self.ended_on)
