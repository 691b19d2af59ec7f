from datetime import date
from typing import Self

import pgtrigger
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q, TextField, Value

from clinic.audit_triggers import audited, kept
from clinic.models import Clinic
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow, VersionedRow
from patients import finding, naming, rules
from patients.search_text import SEARCH_TEXT


class PatientQuerySet(ClinicScopedQuerySet):
    def current(self) -> Self:
        return self.filter(merged_into__isnull=True)

    def search(self, text: str) -> Self:
        """Narrow to whom the text may mean: see `finding`."""
        wanted = finding.understand(text)
        found = self
        for days in wanted.births:
            found = found.filter(birth_date__in=days)
        for patterns in wanted.words:
            any_of = Q(pk__in=[])
            for pattern in patterns:
                folded = Func(Value(pattern), function="clinic_fold", output_field=TextField())
                any_of |= Q(Like(F("search_text"), folded))
            found = found.filter(any_of)
        return found


class Like(Func):
    """`haystack LIKE pattern`, which a trigram index serves."""

    template = "%(expressions)s"
    arg_joiner = " LIKE "
    output_field = models.BooleanField()


class Patient(PublicRow, VersionedRow):
    class Sex(models.TextChoices):
        FEMALE = "female"
        MALE = "male"
        OTHER = "other"
        UNKNOWN = "unknown"

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="patients")
    record_number = models.CharField(max_length=20)
    given_name = models.CharField(max_length=120, blank=True)
    family_name = models.CharField(max_length=120)
    other_names = models.CharField(
        max_length=240, blank=True, help_text="Former or preferred names."
    )
    birth_date = models.DateField()
    sex = models.CharField(
        "administrative sex", max_length=10, choices=Sex.choices, default=Sex.UNKNOWN
    )
    deceased = models.BooleanField(default=False)
    deceased_at = models.DateTimeField(null=True, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    address = models.TextField(blank=True)
    language = models.CharField(max_length=20, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    source_id = models.CharField(max_length=120, blank=True, help_text="Its id where it came from.")
    source_values = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="What the last import said: a field that differs from it was changed here.",
    )
    search_text = models.TextField(editable=False, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["family_name", "given_name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "record_number"], name="record_number_per_clinic"
            ),
            models.UniqueConstraint(
                fields=["clinic", "source_id"],
                name="source_id_per_clinic",
                condition=~Q(source_id=""),
            ),
            models.CheckConstraint(
                condition=Q(birth_date__gte=date(1900, 1, 1)), name="birth_date_is_plausible"
            ),
            models.CheckConstraint(condition=~Q(family_name=""), name="patient_has_a_family_name"),
            models.CheckConstraint(
                condition=Q(deceased=True) | Q(deceased_at__isnull=True),
                name="dead_when_deceased_at",
            ),
        ]
        indexes = [
            GinIndex(OpClass("search_text", name="gin_trgm_ops"), name="patient_search"),
            models.Index(
                fields=["clinic", "family_name", "given_name", "id"], name="patient_list_order"
            ),
            models.Index(fields=["clinic", "birth_date"], name="patients_born_on"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="search_text",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=SEARCH_TEXT,
            ),
            audited(patient="subject.id", without=("search_text", "source_values")),
            kept(),
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def list_name(self) -> str:
        return naming.list_name(self.given_name, self.family_name)

    @property
    def initials(self) -> str:
        return naming.initials(self.given_name, self.family_name)

    def age(self, today: date) -> int:
        return rules.age_on(self.birth_date, today)

    def not_treatable(self, today: date) -> list[str]:
        """Return why nobody may treat this patient here; an empty list when they may."""
        return rules.not_treatable(self.birth_date, self.deceased, today)


class Identifier(models.Model):
    """A number that another system or authority gave to the patient."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="identifiers")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    system = models.CharField(max_length=200)
    value = models.CharField(max_length=120)
    type = models.CharField(
        max_length=20, blank=True, help_text="HL7 v2-0203 code such as MR or SS."
    )

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["type", "system", "value"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "system", "value"], name="identifier_per_clinic"
            )
        ]
        triggers = [audited()]

    def __str__(self) -> str:
        return f"{self.type or self.system} {self.value}"
