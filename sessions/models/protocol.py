"""Protocols are data: one row is one version, and a published one never changes."""

from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import audited, kept
from clinic.models import Clinic, User
from clinic.models.scoping import PublicRow
from sessions.specs import MISSED_RULES

# Compared in a trigger: any change of a protocol but that of its status.
CHANGED = "(to_jsonb(NEW) - 'status') IS DISTINCT FROM (to_jsonb(OLD) - 'status')"


class Route(models.TextChoices):
    NASAL = "nasal", "Nasal spray"
    IV = "iv", "Intravenous infusion"


class Drug(models.TextChoices):
    ESKETAMINE = "esketamine"
    KETAMINE = "ketamine"


class ProtocolQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Shipped protocols are everybody's; a clinic's own are its staff's."""
        return self.filter(Q(clinic__isnull=True) | Q(clinic_id__in=user.clinic_ids))

    def offered_at(self, clinic: Clinic) -> Self:
        """The newest published version of each key; the clinic's own before the shipped one."""
        published = self.filter(status=Protocol.Status.PUBLISHED)
        return (
            published.filter(Q(clinic=clinic) | Q(clinic__isnull=True))
            .order_by("key", models.F("clinic").asc(nulls_last=True), "-version")
            .distinct("key")
        )


class Protocol(PublicRow):
    class Status(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"
        RETIRED = "retired"

    clinic = models.ForeignKey(
        Clinic,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="protocols",
        help_text="Empty for a protocol that ships with Taper.",
    )
    key = models.SlugField(max_length=60)
    version = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(max_length=120)
    short_title = models.CharField(max_length=40, help_text="As in the patient banner.")
    indication = models.CharField(max_length=240)
    jurisdiction = models.CharField(max_length=40)
    route = models.CharField(max_length=10, choices=Route.choices)
    drug = models.CharField(max_length=20, choices=Drug.choices)
    visit_minutes = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(15), MaxValueValidator(720)],
        help_text="How long the chair is booked.",
    )
    min_age = models.PositiveSmallIntegerField(null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(null=True, blank=True)
    source = models.TextField(blank=True)
    sources = models.JSONField(default=dict, blank=True, help_text="Field to where it is from.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ProtocolQuerySet.as_manager()

    class Meta:
        ordering = ["key", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "key", "version"],
                name="one_row_per_protocol_version",
                nulls_distinct=False,
            )
        ]
        triggers = [
            audited(patient="NULL::bigint"),
            kept(),
            pgtrigger.Trigger(
                name="frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__status="draft"),
                func=f"""
                    IF NEW.status = 'draft'
                       OR {CHANGED} THEN
                        RAISE EXCEPTION 'taper: a published protocol never changes';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} (version {self.version})"


def frozen_with(protocol_id: str) -> pgtrigger.Trigger:
    """Refuse any change of a part whose protocol (an SQL expression over `part`) is no draft."""
    status = f"(SELECT status FROM treatment_sessions_protocol WHERE id = {protocol_id})"
    return pgtrigger.Trigger(
        name="frozen",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("part", "RECORD")],
        func=f"""
            IF TG_OP = 'DELETE' THEN part := OLD; ELSE part := NEW; END IF;
            IF {status} <> 'draft' THEN
                RAISE EXCEPTION 'taper: a published protocol never changes';
            END IF;
            RETURN part;
        """,
    )


PROTOCOL_OF_PHASE = (
    "(SELECT protocol_id FROM treatment_sessions_protocolphase WHERE id = {}.phase_id)"
)
CLINIC_OF = "(SELECT clinic_id FROM treatment_sessions_protocol WHERE id = {})"


def audited_part(protocol_id: str) -> pgtrigger.Trigger:
    return audited(clinic=CLINIC_OF.format(protocol_id), patient="NULL::bigint")


class ProtocolPhase(models.Model):
    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="phases")
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    per_week = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(7)]
    )
    every_weeks = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(26)]
    )
    nominal_days = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(7)]),
        help_text="Days of the treatment week, day 1 being the first dose's weekday: 1,4.",
    )
    count = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Empty: open end."
    )
    min_gap_days = models.PositiveSmallIntegerField(default=2, validators=[MinValueValidator(1)])
    max_gap_days = models.PositiveSmallIntegerField(null=True, blank=True)
    rhythm_choices = ArrayField(
        models.CharField(max_length=20),
        default=list,
        blank=True,
        help_text="Where the prescriber chooses: weekly,2-weekly; the first is the default.",
    )
    missed_rule = models.CharField(
        max_length=24, choices=[(rule, text) for rule, text in MISSED_RULES.items()]
    )
    requires_decision = models.BooleanField(default=False)
    sources = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["protocol", "order"]
        constraints = [
            models.UniqueConstraint(fields=["protocol", "order"], name="phase_order_per_protocol"),
            models.CheckConstraint(
                condition=Q(per_week__isnull=False, every_weeks__isnull=True, rhythm_choices=[])
                | Q(per_week__isnull=True, every_weeks__isnull=False, rhythm_choices=[])
                | Q(per_week__isnull=True, every_weeks__isnull=True) & ~Q(rhythm_choices=[]),
                name="phase_has_one_rhythm",
                violation_error_message="Give one rhythm: sessions per week, every how many weeks, "
                "or the choices that the prescriber has.",
            ),
        ]
        triggers = [audited_part("subject.protocol_id"), frozen_with("part.protocol_id")]

    def __str__(self) -> str:
        return self.name


class DoseOption(models.Model):
    phase = models.ForeignKey(ProtocolPhase, models.PROTECT, related_name="doses")
    mg = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    mg_per_kg = models.DecimalField(max_digits=5, decimal_places=3, null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How long the infusion runs."
    )
    min_age = models.PositiveSmallIntegerField(null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(null=True, blank=True)
    first_session_only = models.BooleanField(default=False)
    not_first_session = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    step_mg = models.DecimalField(
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="At most this much more than the last dose.",
    )
    caution = models.CharField(max_length=240, blank=True)
    source = models.CharField(max_length=240, blank=True)

    class Meta:
        ordering = ["phase", "mg", "mg_per_kg", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(mg__gt=0, mg_per_kg__isnull=True) | Q(mg__isnull=True, mg_per_kg__gt=0),
                name="dose_in_mg_or_mg_per_kg",
                violation_error_message="Give the dose in mg or in mg per kg.",
            )
        ]
        triggers = [
            audited_part(PROTOCOL_OF_PHASE.format("subject")),
            frozen_with(PROTOCOL_OF_PHASE.format("part")),
        ]

    def __str__(self) -> str:
        return f"{self.mg} mg" if self.mg is not None else f"{self.mg_per_kg} mg/kg"
