from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models

from clinic.models import Policy
from clinic.provenance import Certainty, Source


class PatientPolicy(Policy):
    """When consents are renewed, and whom patients may turn to."""

    SOURCES: ClassVar = {
        "renew_days_before": Source("No source gives a lead time", Certainty.PROPOSED),
        "crisis_line": Source("The clinic's own words; none ships", Certainty.PROPOSED),
        "support": Source("The clinic's own words; none ship", Certainty.PROPOSED),
    }

    renew_days_before = models.PositiveSmallIntegerField(
        "ask to renew a consent (days before it ends)",
        default=14,
        validators=[MaxValueValidator(180)],
    )
    crisis_line = models.CharField(
        max_length=160,
        blank=True,
        help_text="Whom to call in a crisis, day and night, with the number. It stands on what "
        "patients take home and at the foot of e-mails: leave out drug and speciality.",
    )
    support = models.TextField(
        "support organisations",
        max_length=2000,
        blank=True,
        help_text="One on each line. They stand on what patients take home, not in e-mails.",
    )

    class Meta(Policy.Meta):
        verbose_name = "patient information"
        verbose_name_plural = "patient information"

    @property
    def organizations(self) -> list[str]:
        return [line.strip() for line in self.support.splitlines() if line.strip()]
