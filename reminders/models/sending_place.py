from typing import Self

from django.db import models
from django.db.models import Q

from clinic.audit_triggers import audited, kept


class SendingPlace(models.Model):
    """The database that sweeps send from: one row, so that a restored copy gives itself away.

    What the server may not tell us stays empty and is not compared.
    """

    database_oid = models.BigIntegerField()
    system_identifier = models.CharField(max_length=32, blank=True)
    timeline = models.PositiveIntegerField(null=True, blank=True)
    since = models.DateTimeField()
    held_before = models.DateTimeField(
        null=True,
        blank=True,
        help_text="What was due before then waits until a person releases it.",
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_sending_place")]
        triggers = [audited(clinic="NULL::bigint", patient="NULL::bigint"), kept()]

    def __str__(self) -> str:
        return f"Database {self.database_oid}"

    def differs_from(self, other: Self) -> bool:
        """Say whether something differs that both know: database, server, line of its history."""
        return any(
            mine not in {"", None} and theirs not in {"", None} and mine != theirs
            for mine, theirs in zip(self._identity, other._identity, strict=True)
        )

    @property
    def _identity(self) -> tuple[object, ...]:
        return self.database_oid, self.system_identifier, self.timeline
