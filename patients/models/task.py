import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, When

from clinic.audit_triggers import audited, kept
from clinic.models import Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from clinic.roles import Role
from patients.models.patient import Patient


class TaskQuerySet(ClinicScopedQuerySet):
    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def due(self, now: datetime) -> Self:
        return self.open().filter(due_at__lte=now)

    def urgent_first(self) -> Self:
        """Order by time, those that can't wait in front, of these the ones nobody has taken."""
        urgent = Case(
            When(kind=Task.Kind.CRISIS, taken_by=None, then=0),
            When(kind=Task.Kind.CRISIS, then=1),
            default=2,
        )
        return self.order_by(urgent, "due_at", "pk")


class Task(PublicRow):
    """Work that waits for a person. `dedupe_key` makes the same cause ask once."""

    class Kind(models.TextChoices):
        OUTSIDE_GATE = "outside_gate", "Recorded outside the gate"
        UNPLACED_SESSIONS = "unplaced_sessions", "Sessions without a date"
        NO_ANSWER = "no_answer", "No answer to the follow-up"
        MESSAGE_FAILED = "message_failed", "Message failed"
        SIGNATURE = "signature", "Session waits for signature"
        NO_SHOW = "no_show", "Patient did not come"
        CALL = "call", "Call the patient"
        CONSENT = "consent", "Consent runs out"
        ASSESSMENT = "assessment", "Assessment is due"
        REMS_FORM = "rems_form", "REMS monitoring form"
        COME = "come", "Come to the patient now"
        REPORT_EVENT = "report_event", "Report a serious adverse event"
        FIND = "find", "Find a patient who left"
        UNACCOUNTED = "unaccounted", "Medicine to account for"
        CRITICAL = "critical", "Critical value"
        RESULT = "result", "Result to look at"
        CRISIS = "crisis", "Thoughts of self-harm"
        REQUEST = "request", "Patient asks for a change"
        RESTORED = "restored", "Database restored"

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="tasks")
    patient = models.ForeignKey(
        Patient, models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    kind = models.CharField(max_length=30, choices=Kind.choices)
    role = models.CharField(max_length=20, choices=Role.choices)
    text = models.CharField(max_length=300)
    due_at = models.DateTimeField()
    first_due_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was due before it was postponed."
    )
    postponed_reason = models.CharField(max_length=240, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    source_kind = models.CharField(max_length=40, blank=True)
    source_id = models.UUIDField(null=True, blank=True)
    dedupe_key = models.CharField(max_length=160, unique=True, default=uuid.uuid4)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    closing_note = models.CharField(max_length=240, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | ~Q(closing_note=""),
                name="a_closed_task_says_how",
            ),
            models.CheckConstraint(
                condition=Q(first_due_at__isnull=True) | ~Q(postponed_reason=""),
                name="a_postponed_task_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["clinic", "due_at"], name="open_tasks", condition=Q(closed_at__isnull=True)
            )
        ]
        triggers = [audited(), kept()]

    def __str__(self) -> str:
        return self.text
