import uuid
from datetime import UTC, datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Subquery
from django.db.models.functions import Coalesce

from clinic.audit_triggers import audited, kept
from clinic.models import Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from patients.models import Patient
from reminders.kinds import Kind
from reminders.models.rule import MessageRule
from reminders.models.sending_place import SendingPlace
from sessions.models import TreatmentSession

CLOSED = ["suppressed", "expired", "cancelled", "dismissed"]
NEVER_RESTORED = datetime(1900, 1, 1, tzinfo=UTC)


class MessageQuerySet(ClinicScopedQuerySet):
    def due(self, now: datetime) -> Self:
        """Planned and due, or left behind by a sender that died.

        What may have gone before the database was restored is left for a person to release.
        """
        held_before = Coalesce(
            Subquery(SendingPlace.objects.values("held_before")[:1]), NEVER_RESTORED
        )
        return self.filter(
            Q(state=Message.State.PLANNED) | Q(state=Message.State.SENDING, lease_until__lt=now),
            Q(not_before__gte=held_before) | Q(released_at__gte=held_before),
            not_before__lte=now,
        )


class Message(PublicRow):
    """One thing to tell one patient: the ledger decides what is sent and says what became of it.

    What is due for a patient at the same time goes in one mail: such rows share `message_id`, the
    mail's Message-ID, from their first attempt on.
    """

    Kind = Kind

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        SUPPRESSED = "suppressed", "Not sent"
        EXPIRED = "expired", "Too late"
        CANCELLED = "cancelled", "Cancelled"
        HELD = "held", "Waits for a look"
        DISMISSED = "dismissed", "Settled by a person"

    class How(models.TextChoices):
        """How the patient heard of it instead."""

        PHONE = "phone", "By phone"
        NEW_ADDRESS = "new_address", "Written to at a new address"
        IN_PERSON = "in_person", "In person"
        NOT_NEEDED = "not_needed", "Not needed any more"
        RETRIED = "retried", "Tried again"

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="messages")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="messages")
    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, null=True, blank=True, related_name="messages"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    rule = models.ForeignKey(
        MessageRule, models.PROTECT, null=True, blank=True, related_name="messages"
    )
    rule_revision = models.PositiveIntegerField(default=0)
    about = models.CharField(
        max_length=80,
        blank=True,
        help_text="What else it is about: the consent or instrument, and its date.",
    )
    channel = models.CharField(max_length=10, default="email")
    occurrence = models.PositiveSmallIntegerField(
        default=1, help_text="Grows when a person has it tried again."
    )
    schedule_rev = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.PLANNED)
    reason = models.CharField(max_length=120, blank=True, help_text="Why it was not sent.")
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    message_id = models.UUIDField(default=uuid.uuid4, db_index=True, editable=False)
    maybe_twice = models.BooleanField(default=False)
    last_error = models.CharField(max_length=80, blank=True, help_text="The error's class only.")
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_to = models.EmailField(blank=True, help_text="The address at that moment.")
    answered_at = models.DateTimeField(
        null=True, blank=True, help_text="The patient answered through its link."
    )
    links_revoked_at = models.DateTimeField(null=True, blank=True)
    wrong_birth_dates = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Typed at its links since the last right one."
    )
    bounced_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    settled_how = models.CharField(max_length=12, choices=How.choices, blank=True)
    settled_note = models.CharField(max_length=240, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who had it sent once more.",
    )
    asked_reason = models.CharField(max_length=240, blank=True)
    released_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person let it go although it may have gone before."
    )
    dedupe_key = models.CharField(max_length=160, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-not_before", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("not_before")) | Q(state__in=CLOSED),
                name="message_can_be_sent",
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
                condition=~Q(state__in=["suppressed", "failed", "cancelled", "held", "dismissed"])
                | ~Q(reason=""),
                name="an_unsent_message_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(state="dismissed")
                | (~Q(settled_how="") & ~Q(settled_note="") & Q(settled_by__isnull=False)),
                name="a_settled_message_says_how",
            ),
            models.CheckConstraint(
                condition=Q(asked_by__isnull=True) | ~Q(asked_reason=""),
                name="a_message_asked_for_says_why",
            ),
            models.CheckConstraint(
                condition=Q(treatment_session__isnull=False)
                | Q(kind__in=["questionnaire", "consent_expiring", "on_call"]),
                name="a_message_is_about_a_visit",
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
            models.Index(
                fields=["not_before"],
                name="follow_ups_unsent",
                condition=Q(kind="follow_up", state__in=["suppressed", "expired"]),
            ),
            models.Index(fields=["clinic", "-not_before"], name="messages_of_a_clinic"),
            models.Index(
                fields=["clinic", "-not_before"],
                name="messages_for_a_person",
                condition=Q(state__in=["failed", "held"]),
            ),
        ]
        triggers = [audited(), kept()]

    def __str__(self) -> str:
        return self.rule.name if self.rule is not None else self.get_kind_display()

    def close(self, state: "Message.State", reason: str = "") -> None:
        """Set how it ended, or that it waits again, and give the lease back; the caller saves."""
        self.state, self.reason = state, reason
        self.lease_until = self.lease_token = None
