import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from clinic.audit_triggers import audited, kept
from clinic.models import Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from patients.models import Patient
from sessions.models import TreatmentSession


class MessageQuerySet(ClinicScopedQuerySet):
    def due(self, now: datetime) -> Self:
        """Planned and due, or left behind by a sender that died."""
        return self.filter(
            Q(state=Message.State.PLANNED) | Q(state=Message.State.SENDING, lease_until__lt=now),
            not_before__lte=now,
        )


class Message(PublicRow):
    """One e-mail to one patient: the ledger decides what is sent and says what became of it."""

    class Kind(models.TextChoices):
        REMINDER_72H = "reminder_72h", "Reminder, 3 days before"
        REMINDER_24H = "reminder_24h", "Reminder, 1 day before"
        FOLLOW_UP = "follow_up", "Follow-up, the day after"
        INSTRUCTIONS = "instructions", "Instructions for the way home"

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        SUPPRESSED = "suppressed", "Not sent"
        EXPIRED = "expired", "Too late"
        CANCELLED = "cancelled", "Cancelled"

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="messages")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="messages")
    treatment_session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    channel = models.CharField(max_length=10, default="email")
    occurrence = models.PositiveSmallIntegerField(
        default=1, help_text="Grows when a person has it tried again."
    )
    schedule_rev = models.PositiveIntegerField()
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.PLANNED)
    reason = models.CharField(max_length=120, blank=True, help_text="Why it was not sent.")
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    maybe_twice = models.BooleanField(default=False)
    last_error = models.CharField(max_length=80, blank=True, help_text="The error's class only.")
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_to = models.EmailField(blank=True, help_text="The address at that moment.")
    dedupe_key = models.CharField(max_length=160, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-not_before", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("not_before")), name="message_can_be_sent"
            ),
            models.CheckConstraint(
                condition=~Q(state="sending")
                | Q(lease_until__isnull=False, lease_token__isnull=False),
                name="sending_holds_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="sent_has_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["suppressed", "failed", "cancelled"]) | ~Q(reason=""),
                name="an_unsent_message_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before"],
                name="messages_to_send",
                condition=Q(state__in=["planned", "sending"]),
            ),
            models.Index(
                fields=["not_before"],
                name="messages_held_back",
                condition=Q(state="suppressed"),
            ),
            models.Index(
                fields=["sent_at"],
                name="follow_ups_sent",
                condition=Q(kind="follow_up", state="sent"),
            ),
        ]
        triggers = [audited(), kept()]

    def __str__(self) -> str:
        return self.get_kind_display()

    def close(self, state: "Message.State", reason: str = "") -> None:
        """Set how it ended, or that it waits again, and give the lease back; the caller saves."""
        self.state, self.reason = state, reason
        self.lease_until = self.lease_token = None
