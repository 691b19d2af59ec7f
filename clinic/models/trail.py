"""What happened, who did it, and the proof that nobody rewrote it."""

from django.conf import settings
from django.db import models
from django.db.models import Func, Q

from clinic.audit_triggers import append_only, no_truncate
from clinic.models.people import Clinic
from clinic.models.scoping import ClinicScopedQuerySet


class ClockTimestamp(Func):
    """The database's wall clock at this moment, not at the start of the transaction."""

    function = "CLOCK_TIMESTAMP"
    template = "%(function)s()"
    output_field = models.DateTimeField()


class AuditEvent(models.Model):
    """One thing that somebody did: a row changed (by trigger), or a named event (by a service)."""

    class ActorKind(models.TextChoices):
        USER = "user"
        PATIENT_LINK = "patient_link", "Patient by link"
        SYSTEM = "system"

    at = models.DateTimeField(db_default=ClockTimestamp(), editable=False)
    event = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=20, choices=ActorKind.choices)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=160)
    clinic = models.ForeignKey(
        Clinic, models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    patient_id = models.BigIntegerField(null=True)
    table_name = models.CharField(max_length=80, blank=True)
    row_id = models.CharField(max_length=40, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    detail = models.JSONField(default=dict)

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["patient_id", "-at"], name="audit_by_patient"),
            models.Index(fields=["clinic", "-at"], name="audit_by_clinic"),
            models.Index(fields=["table_name", "row_id"], name="audit_by_row"),
            models.Index(fields=["at"], name="audit_by_time"),
        ]
        triggers = [append_only(), no_truncate()]

    def __str__(self) -> str:
        return f"{self.event} by {self.actor_label}"


class AuditSeal(models.Model):
    """A link of a clinic's chain; events without a clinic form a chain of their own."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, null=True, related_name="+")
    seq = models.BigIntegerField()
    event = models.OneToOneField(AuditEvent, models.PROTECT, related_name="seal")
    prev = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(db_default=ClockTimestamp(), editable=False)

    class Meta:
        ordering = ["clinic", "seq"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "seq"], name="one_chain_per_clinic", nulls_distinct=False
            )
        ]
        triggers = [append_only(), no_truncate()]

    def __str__(self) -> str:
        return f"{self.clinic_id}:{self.seq}"


class Entry(models.Model):
    """One submission of one form; its key makes a repeat show the first result (INV-3)."""

    key = models.UUIDField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=60)
    subject = models.CharField(max_length=60, blank=True)
    payload_hmac = models.CharField(max_length=64)
    result_url = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=ClockTimestamp(), editable=False)

    class Meta:
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.purpose} {self.key}"


class Heartbeat(models.Model):
    """The last finished run of a regular job, and whether the clock jumped since the one before."""

    name = models.CharField(max_length=40, unique=True)
    beat_at = models.DateTimeField()
    monotonic = models.FloatField(help_text="Seconds on the clock that nobody can set.")
    boot_id = models.CharField(max_length=40)
    jumped_at = models.DateTimeField(null=True)
    jump_seconds = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(jumped_at__isnull=True) | Q(jump_seconds__isnull=False),
                name="a_jump_has_a_size",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at}"
