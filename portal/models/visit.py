"""What patients say about a visit that lies ahead."""

from django.db import models
from django.db.models import Q

from clinic.audit_triggers import append_only, audited
from clinic.models.scoping import ClinicScopedQuerySet
from portal.models.base import FromALink


class Confirmation(FromALink):
    """The patient comes, at the time that this revision of the booking gave."""

    schedule_rev = models.PositiveIntegerField()
    confirmed_at = models.DateTimeField()

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["treatment_session", "schedule_rev"], name="a_time_is_confirmed_once"
            )
        ]
        triggers = [audited(), append_only()]

    def __str__(self) -> str:
        return f"Confirmed {self.confirmed_at:%Y-%m-%d}"


class Preparation(FromALink):
    """How the patient is prepared, as they say; the latest row counts."""

    class Ride(models.TextChoices):
        ARRANGED = "arranged", "Ride home arranged"
        NOT_YET = "not_yet", "Ride home not arranged yet"
        NONE = "none", "Nobody can take the patient home"

    class Fasting(models.TextChoices):
        CLEAR = "clear", "Knows until when to eat and drink"
        ASKS = "asks", "Has a question about eating and drinking"
        NOT_ASKED = "", "Not asked"

    schedule_rev = models.PositiveIntegerField()
    ride = models.CharField(max_length=12, choices=Ride.choices)
    ride_by = models.CharField(max_length=120, blank=True)
    fasting = models.CharField(max_length=12, choices=Fasting.choices, blank=True)
    answered_at = models.DateTimeField()

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-answered_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ride="arranged") | Q(ride_by=""), name="a_named_driver_is_arranged"
            )
        ]
        triggers = [audited(), append_only()]

    def __str__(self) -> str:
        who = f" ({self.ride_by})" if self.ride_by else ""
        return f"{self.get_ride_display()}{who}"
