from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q

from clinic.audit_triggers import audited, kept
from clinic.models.people import Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from clinic.times import YEARS


class Weekday(models.IntegerChoices):
    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


class Room(PublicRow):
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=60)
    is_active = models.BooleanField(default=True)
    order = models.PositiveSmallIntegerField(default=0)
    for_nasal = models.BooleanField("for nasal spray", default=True)
    for_infusions = models.BooleanField("for infusions", default=True)

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["clinic", "order", "name"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "name"], name="room_name_per_clinic"),
            models.CheckConstraint(
                condition=Q(for_nasal=True) | Q(for_infusions=True),
                name="a_room_serves_a_route",
                violation_error_message="A room is for nasal spray, for infusions, or for both.",
            ),
        ]
        triggers = [audited(patient="NULL::bigint"), kept()]

    def __str__(self) -> str:
        return self.name


class ChairQuerySet(ClinicScopedQuerySet):
    clinic_lookup = "room__clinic_id"

    def bookable_at(self, clinic: Clinic) -> "ChairQuerySet":
        return self.filter(room__clinic=clinic, room__is_active=True, is_active=True)

    def serving(self, route: str) -> "ChairQuerySet":
        """Leave out chairs of rooms that the route of a medicine does not belong in."""
        served = {"nasal": Q(room__for_nasal=True), "iv": Q(room__for_infusions=True)}
        return self.filter(served[route])


class Chair(PublicRow):
    """A place that one patient books: a chair, a bed; a bay has several."""

    room = models.ForeignKey(Room, models.PROTECT, related_name="chairs")
    name = models.CharField(max_length=60)
    is_active = models.BooleanField(default=True)
    order = models.PositiveSmallIntegerField(default=0)

    objects = ChairQuerySet.as_manager()

    class Meta:
        ordering = ["room__order", "order", "name"]
        constraints = [models.UniqueConstraint(fields=["room", "name"], name="chair_name_per_room")]
        triggers = [
            audited(
                clinic="(SELECT clinic_id FROM clinic_room WHERE id = subject.room_id)",
                patient="NULL::bigint",
            ),
            kept(),
        ]

    def __str__(self) -> str:
        return f"{self.room.name} · {self.name}"


class OpeningHours(models.Model):
    """When the clinic treats on a weekday, in its own wall time; a day may have several rows."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    opens_at = models.TimeField()
    closes_at = models.TimeField()

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["clinic", "weekday", "opens_at"]
        verbose_name_plural = "opening hours"
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("closes_at")),
                name="opens_before_it_closes",
                violation_error_message="Closing time must be after opening time.",
            ),
            models.UniqueConstraint(
                fields=["clinic", "weekday", "opens_at"], name="one_opening_at_a_time"
            ),
        ]
        triggers = [audited(patient="NULL::bigint")]

    def __str__(self) -> str:
        day = Weekday(self.weekday).label
        return f"{day} {self.opens_at:%H:%M}–{self.closes_at:%H:%M}"


class Closure(models.Model):
    """Whole days, both ends included, on which the clinic does not treat."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="closures")
    starts_on = models.DateField()
    ends_on = models.DateField()
    reason = models.CharField(max_length=120)

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["clinic", "starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_on")),
                name="closure_ends_after_it_starts",
                violation_error_message="The last closed day can't be before the first.",
            ),
            ExclusionConstraint(
                name="closures_do_not_overlap",
                expressions=[
                    ("clinic", RangeOperators.EQUAL),
                    (
                        Func("starts_on", "ends_on", models.Value("[]"), function="DATERANGE"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="Another closure covers some of these days already.",
            ),
        ]
        triggers = [audited(patient="NULL::bigint")]

    def __str__(self) -> str:
        return f"{self.starts_on} to {self.ends_on}: {self.reason}"

    def clean(self) -> None:
        """Say it at the field, before PostgreSQL is asked to build a range that runs backwards."""
        typed = {"starts_on": self.starts_on, "ends_on": self.ends_on}
        odd = [name for name, day in typed.items() if day and day.year not in YEARS]
        if odd:
            raise ValidationError(dict.fromkeys(odd, "Enter a year between 1900 and 2200."))
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": "The last closed day can't be before the first."})
