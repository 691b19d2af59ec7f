from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import audited, kept
from clinic.models.scoping import ClinicScopedQuerySet
from portal.models.base import FromALink


class ChangeRequestQuerySet(ClinicScopedQuerySet):
    def open(self) -> Self:
        return self.filter(decided_at__isnull=True)


class ChangeRequest(FromALink):
    """A patient asks for another time, a new one after a missed visit, or to call it off.

    One is open for a visit at a time. Without a wanted time the clinic calls.
    """

    class Kind(models.TextChoices):
        RESCHEDULE = "reschedule", "Another time"
        CANCEL = "cancel", "Call it off"
        REBOOK = "rebook", "A new time"

    class Decision(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        SETTLED = "settled", "Settled otherwise"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    schedule_rev = models.PositiveIntegerField()
    wanted_at = models.DateTimeField(null=True, blank=True)
    words = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField()
    decision = models.CharField(max_length=12, choices=Decision.choices, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Nobody where the clinic's setting accepted it.",
    )
    decision_reason = models.CharField(max_length=240, blank=True)

    objects = ChangeRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["treatment_session"],
                name="one_open_request_per_visit",
                condition=Q(decided_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decision="")
                | Q(decided_at__isnull=False) & ~Q(decision=""),
                name="a_decided_request_says_how",
            ),
            models.CheckConstraint(
                condition=~Q(kind="cancel") | Q(wanted_at__isnull=True),
                name="no_time_is_wanted_of_what_is_called_off",
            ),
        ]
        triggers = [audited(), kept()]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def task_key(self) -> str:
        return f"request:{self.public_id}"
