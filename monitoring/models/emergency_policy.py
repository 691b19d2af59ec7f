from datetime import time

from django.db import models

from clinic.models.policy import Policy
from clinic.provenance import Certainty, Source


class EmergencyPolicy(Policy):
    """Whom to call, and how soon what follows is due."""

    SOURCES = {
        "emergency_number": Source("Public numbers, commonly known", Certainty.UNVERIFIED),
        "prescriber_number": Source("None: each clinic has its own", Certainty.PROPOSED),
        "poison_centre": Source("clinical reference 7 (US poison centre)", Certainty.UNVERIFIED),
        "report_serious_days": Source(
            "clinical reference 3.3: the REMS form's limit (JNJPMF, REMSENR); authorities differ",
            Certainty.PROPOSED,
        ),
        "call_after_transfer_at": Source("No source gives a time", Certainty.PROPOSED),
    }

    emergency_number = models.CharField(
        "emergency services", max_length=60, default="911 (US), 112 (EU)", blank=True
    )
    prescriber_number = models.CharField(
        "prescriber on call", max_length=60, default="", blank=True
    )
    poison_centre = models.CharField(max_length=60, default="1-800-222-1222 (US)", blank=True)
    report_serious_days = models.PositiveSmallIntegerField(
        "report a serious event within (days)", default=7
    )
    call_after_transfer_at = models.TimeField("call after a transfer, next day at", default=time(9))

    class Meta(Policy.Meta):
        verbose_name = "emergency settings"
        verbose_name_plural = "emergency settings"

    @property
    def numbers(self) -> list[tuple[str, str]]:
        """Return whom to call, those that the clinic has filled in."""
        known = [
            ("Emergency services", self.emergency_number),
            ("Prescriber on call", self.prescriber_number),
            ("Poison centre", self.poison_centre),
        ]
        return [(label, number) for label, number in known if number]
