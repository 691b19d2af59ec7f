"""The border between clinics: every query set that a page reads goes through `visible_to`."""

import uuid
from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from clinic.models.people import User


class ClinicScopedQuerySet(models.QuerySet):
    """Rows that belong to one clinic, found through `clinic_lookup`."""

    clinic_lookup = "clinic_id"

    def visible_to(self, user: "User") -> Self:
        return self.filter(**{f"{self.clinic_lookup}__in": user.clinic_ids})


class StandingQuerySet(ClinicScopedQuerySet):
    """Rows that a later row corrects, or takes back as entered in error."""

    def standing(self) -> Self:
        """Leave out what was corrected or entered in error."""
        return self.filter(superseded_by__isnull=True, entered_in_error=False)


class PublicRow(models.Model):
    """A row that pages address by an unguessable id."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True


class VersionedRow(models.Model):
    """A row whose edits are refused when based on an older version (INV-9)."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True
