from datetime import date, datetime
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Deferrable, F, Func, Q, Value
from django.utils import timezone

from clinic.audit_triggers import append_only, audited, kept
from clinic.models import Chair, Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow, VersionedRow
from patients.models import Patient
from sessions import naming
from sessions.lifecycle import ENDINGS, HOLDING, PRESENT, TOOK_PLACE, Status
from sessions.models.course import TreatmentCourse
from sessions.models.protocol import ProtocolPhase

# Rules in the trace of a session that a person moved; `anchor` is the day it left.
MOVED = "moved_by_hand"
BELOW_GAP = "below_gap"  # a prescriber's decision

STANDING = [*HOLDING, *TOOK_PLACE]
"""Sessions that keep their place in the count of days: booked ones, and those that took place."""

PLACE = ("starts_at", "ends_at", "chair", "schedule_rev", "scheduled_at")


def audited_child() -> pgtrigger.Trigger:
    """Audit a row of a session under the session's clinic and patient."""
    rows = "treatment_sessions_treatmentsession"
    of_session = f"(SELECT {{}} FROM {rows} WHERE id = subject.treatment_session_id)"
    return audited(clinic=of_session.format("clinic_id"), patient=of_session.format("patient_id"))


BOOKED = Func(
    "starts_at", "ends_at", Value("[)"), function="TSTZRANGE", output_field=DateTimeRangeField()
)


class TreatmentSessionQuerySet(ClinicScopedQuerySet):
    def between(self, begin: datetime, end: datetime) -> Self:
        return self.filter(starts_at__gte=begin, starts_at__lt=end)

    def holding(self) -> Self:
        return self.filter(status__in=HOLDING)

    def planned(self) -> Self:
        return self.filter(status=Status.PLANNED)

    def unsigned(self) -> Self:
        return self.filter(status__in=ENDINGS, signature__isnull=True)


class TreatmentSession(PublicRow, VersionedRow):
    """One visit of a course: its booking, its state, and the trace of how its date came about."""

    Status = Status

    course = models.ForeignKey(TreatmentCourse, models.PROTECT, related_name="sessions")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="treatment_sessions")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="treatment_sessions")
    phase = models.ForeignKey(ProtocolPhase, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(help_text="In the course, from 1.")
    number_in_phase = models.PositiveSmallIntegerField()
    week = models.PositiveSmallIntegerField(help_text="Treatment week, from 1.")
    nominal_on = models.DateField()
    window_from = models.DateField()
    window_to = models.DateField()
    chair = models.ForeignKey(Chair, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=24, choices=Status.choices, default=Status.PLANNED)
    schedule_rev = models.PositiveIntegerField(
        default=1, editable=False, help_text="Grows with each new time; a new chair is no news."
    )
    scheduled_at = models.DateTimeField(
        default=timezone.now, editable=False, help_text="When it was booked, or moved last."
    )
    trace = models.JSONField(default=list, help_text="Rule, anchor, who and why of every date.")
    makes_up_for = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="made_up_by",
        help_text="The missed session whose number it has.",
    )
    arrived_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ending_reason = models.CharField(max_length=240, blank=True)
    outside_gate = models.BooleanField(
        default=False, help_text="Something was recorded outside the gate."
    )

    left_at: datetime | None = None
    """The time that this instance has just been moved away from; not stored."""

    objects = TreatmentSessionQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            ExclusionConstraint(
                name="one_booking_per_chair",
                expressions=[("chair", RangeOperators.EQUAL), (BOOKED, RangeOperators.OVERLAPS)],
                condition=Q(status__in=HOLDING),
                deferrable=Deferrable.IMMEDIATE,
                violation_error_message="Another session holds this chair at that time.",
            ),
            ExclusionConstraint(
                name="one_booking_per_patient",
                expressions=[("patient", RangeOperators.EQUAL), (BOOKED, RangeOperators.OVERLAPS)],
                condition=Q(status__in=HOLDING),
                deferrable=Deferrable.IMMEDIATE,
                violation_error_message="The patient has another session at that time.",
            ),
            models.UniqueConstraint(
                fields=["course", "number"],
                name="session_number_per_course",
                condition=Q(makes_up_for__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["course", "number"],
                name="one_standing_session_per_number",
                condition=Q(status__in=STANDING),
                violation_error_message="This session of the course has another date already.",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="session_has_length"
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="session_status_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=ENDINGS) | Q(ended_at__isnull=False),
                name="an_ending_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "starts_at"], name="sessions_of_a_day"),
            models.Index(
                fields=["clinic"], name="sessions_going_on", condition=Q(status__in=PRESENT)
            ),
            models.Index(fields=["patient", "-starts_at"], name="sessions_of_a_patient"),
        ]
        triggers = [
            audited(),
            kept(),
            pgtrigger.Trigger(
                name="makes_up_for_a_missed_one",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert
                | pgtrigger.UpdateOf("makes_up_for_id", "course_id", "number"),
                condition=pgtrigger.Q(new__makes_up_for__isnull=False),
                func="""
                    IF ROW(NEW.makes_up_for_id, NEW.course_id, NEW.number)
                       IS DISTINCT FROM ROW(OLD.makes_up_for_id, OLD.course_id, OLD.number)
                       AND NOT EXISTS (
                        SELECT FROM treatment_sessions_treatmentsession missed
                        WHERE missed.id = NEW.makes_up_for_id
                          AND missed.course_id = NEW.course_id
                          AND missed.number = NEW.number
                          AND missed.status = 'no_show'
                    ) THEN
                        RAISE EXCEPTION 'taper: only a missed session of the course is made up for';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phase.name} {self.number}"

    def take_place(
        self, starts_at: datetime, ends_at: datetime, chair: Chair, *, now: datetime
    ) -> None:
        """Set when and where it is; the caller saves `PLACE`. Only a new time is news to others."""
        if (starts_at, ends_at) != (self.starts_at, self.ends_at):
            self.schedule_rev += 1
            self.scheduled_at, self.left_at = now, self.starts_at
        self.starts_at, self.ends_at, self.chair = starts_at, ends_at, chair

    @property
    def is_over(self) -> bool:
        return self.status in ENDINGS

    @property
    def day(self) -> date | None:
        """Return its calendar day at the clinic; none while it has no date."""
        return self.starts_at.astimezone(self.clinic.zone).date() if self.starts_at else None

    @property
    def stand_in(self) -> "TreatmentSession | None":
        """Return the other session of its number that is booked or took place: one query."""
        same = TreatmentSession.objects.filter(course=self.course_id, number=self.number)
        same = same.filter(status__in=STANDING).exclude(pk=self.pk)
        return same.select_related("clinic", "chair").first()

    @property
    def gap_decision(self) -> dict[str, str] | None:
        """Return who put it on its day below the minimum gap, and why; a later day ends that."""
        for step in reversed(self.trace):
            if step["rule"] == BELOW_GAP:
                return step
            if step["rule"] != MOVED or step["anchor"] != str(self.day):
                return None
        return None

    @property
    def is_signed(self) -> bool:
        """Whether its record is closed; one query where the signature was not selected along."""
        return self.is_over and hasattr(self, "signature")

    @property
    def step_label(self) -> str:
        return naming.step_label(self.phase.name, self.number_in_phase, self.phase.count)


class StatusChange(models.Model):
    """One step of a session's life, as it was taken."""

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="status_changes"
    )
    from_status = models.CharField(max_length=24, choices=Status.choices)
    to_status = models.CharField(max_length=24, choices=Status.choices)
    at = models.DateTimeField(help_text="When it happened.")
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=240, blank=True)
    outside_gate = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"{self.from_status} to {self.to_status}"


class ChairStay(models.Model):
    """Where the patient really sits, apart from the booking; no chair means elsewhere, as noted."""

    treatment_session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="stays")
    chair = models.ForeignKey(Chair, models.PROTECT, null=True, blank=True, related_name="+")
    place = models.CharField(max_length=60, blank=True)
    since = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=240, blank=True)

    class Meta:
        ordering = ["since", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(chair__isnull=False) | ~Q(place=""), name="a_stay_has_a_place"
            )
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return str(self.chair) if self.chair else self.place


class Signature(models.Model):
    """A prescriber vouches for the record of an ended session as it was shown."""

    treatment_session = models.OneToOneField(
        TreatmentSession, models.PROTECT, related_name="signature"
    )
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()
    meaning = models.CharField(max_length=120)
    content_hash = models.CharField(
        max_length=64, help_text="SHA-256 of the record that was shown."
    )
    fields = models.JSONField(help_text="Kind of row to the fields that are in the hash.")
    note = models.TextField(blank=True)

    class Meta:
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"{self.meaning} by {self.signed_by}"
