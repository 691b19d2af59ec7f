"""A clinic's own clinical settings: one row for each clinic, each value with its source."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from django.db import models

from clinic.audit_triggers import audited, kept
from clinic.models.people import Clinic
from clinic.models.scoping import ClinicScopedQuerySet
from clinic.provenance import Source


class Policy(models.Model):
    """The base of a settings table.

    A clinic that never saved its settings has no row and works with the defaults of the fields: an
    administrator's saving is what changes them, and the audit trail has it. `SOURCES` names where
    each default comes from; the admin and `docs/clinical-rules.md` show it.
    """

    SOURCES: ClassVar[Mapping[str, Source]] = {}

    clinic = models.OneToOneField(Clinic, models.PROTECT, related_name="+")

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        abstract = True
        triggers = [audited(patient="NULL::bigint"), kept()]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} of {self.clinic}"

    @classmethod
    def of(cls, clinic_id: int) -> Self:
        """Return the clinic's settings, or the defaults, unsaved."""
        saved: Any = cls._default_manager.filter(clinic_id=clinic_id).first()
        return saved or cls(clinic_id=clinic_id)

    @classmethod
    def settings(cls) -> "list[models.Field[Any, Any]]":
        """Return the fields that an administrator edits."""
        own = cls._meta.concrete_fields
        return [field for field in own if not field.primary_key and field.name != "clinic"]
