from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clinic.audit_triggers import audited, kept
from clinic.models import Chair, Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow, VersionedRow
from clinic.numbers import plain
from patients.models import Patient
from sessions.bodyweight import Basis
from sessions.models.protocol import Drug, Protocol, Route


class TreatmentCourseQuerySet(ClinicScopedQuerySet):
    def running(self) -> Self:
        return self.filter(status=TreatmentCourse.Status.ACTIVE)


class TreatmentCourse(PublicRow, VersionedRow):
    """One patient on one protocol version, from day 1 to its end."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        COMPLETED = "completed"
        STOPPED = "stopped"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="courses")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="courses")
    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="courses")
    starts_on = models.DateField(help_text="Day 1, the day of the first dose.")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), help_text="Monday is 0.")
    time_of_day = models.TimeField(help_text="In the clinic's zone, whatever the season.")
    chair = models.ForeignKey(Chair, models.PROTECT, null=True, blank=True, related_name="+")
    rhythm = models.CharField(max_length=20, blank=True)
    rhythm_changes = models.JSONField(
        default=list, blank=True, help_text="[treatment week, rhythm] pairs."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    stop_reason = models.CharField(max_length=240, blank=True)
    planned_until = models.DateField(null=True, blank=True, help_text="Horizon of an open end.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TreatmentCourseQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(status="active"),
                name="one_running_course_per_patient",
                violation_error_message="This patient has a running course already.",
            ),
            models.CheckConstraint(
                condition=~Q(status="stopped") | ~Q(stop_reason=""),
                name="a_stopped_course_says_why",
            ),
        ]
        triggers = [audited(), kept()]

    def __str__(self) -> str:
        return f"{self.protocol.short_title} from {self.starts_on}"


class DoseOrder(PublicRow):
    """What the prescriber ordered; a change supersedes, so that one order stands at a time."""

    course = models.ForeignKey(TreatmentCourse, models.PROTECT, related_name="dose_orders")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    drug = models.CharField(max_length=20, choices=Drug.choices)
    route = models.CharField(max_length=10, choices=Route.choices)
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2)
    mg_per_kg = models.DecimalField(max_digits=5, decimal_places=3, null=True, blank=True)
    weight_kg = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    weight_basis = models.CharField(
        max_length=10,
        choices=Basis.choices,
        blank=True,
        help_text="Which weight the dose is for; empty in orders from before it was asked.",
    )
    actual_kg = models.DecimalField(
        "weighed (kg)", max_digits=6, decimal_places=2, null=True, blank=True
    )
    infusion_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    concentration_mg_ml = models.DecimalField(
        "concentration (mg/mL)", max_digits=7, decimal_places=3, null=True, blank=True
    )
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    prescriber = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(
        max_length=240, blank=True, help_text="Why outside the protocol's options."
    )

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-ordered_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["course"],
                condition=Q(superseded_at__isnull=True),
                name="one_standing_order",
            ),
            models.CheckConstraint(condition=Q(dose_mg__gt=0), name="ordered_dose_is_positive"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="order_ends_after_it_begins",
            ),
        ]
        triggers = [audited(), kept()]

    def __str__(self) -> str:
        return f"{self.drug} {plain(self.dose_mg)} mg"
