"""The texts that patients sign: one row is one version, and a published one never changes."""

import json
from hashlib import sha256
from typing import Self

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import audited, kept
from clinic.models import Clinic, User
from clinic.models.scoping import PublicRow

MOST_CHARACTERS = 20_000
# Compared in a trigger: any change of a template but that of its status.
CHANGED = "(to_jsonb(NEW) - 'status') IS DISTINCT FROM (to_jsonb(OLD) - 'status')"


class ConsentKind(models.TextChoices):
    TREATMENT = "treatment", "Treatment"
    EMAIL = "email", "E-mail"
    OTHER = "other", "Other"


class ConsentTemplateQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Shipped texts are everybody's; a clinic's own are its staff's."""
        return self.filter(Q(clinic__isnull=True) | Q(clinic_id__in=user.clinic_ids))

    def offered_at(self, clinic: Clinic) -> Self:
        """The newest published version of each key; the clinic's own before the shipped one."""
        published = self.filter(status=ConsentTemplate.Status.PUBLISHED)
        return (
            published.filter(Q(clinic=clinic) | Q(clinic__isnull=True))
            .order_by("key", models.F("clinic").asc(nulls_last=True), "-version")
            .distinct("key")
        )


class ConsentTemplate(PublicRow):
    class Status(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"
        RETIRED = "retired"

    clinic = models.ForeignKey(
        Clinic,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty for a text that ships with Taper.",
    )
    key = models.SlugField(max_length=60, help_text="The same for all versions of one text.")
    version = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=20, choices=ConsentKind.choices)
    title = models.CharField(max_length=120)
    text = models.TextField(
        max_length=MOST_CHARACTERS,
        help_text="Plain text. An empty line begins a paragraph, ## a heading, - a list item; "
        "**two stars** make words bold.",
    )
    statements = models.TextField(
        max_length=4000,
        blank=True,
        help_text="One on each line: the patient ticks every one of them before signing.",
    )
    asks_drawing = models.BooleanField(
        "asks for a drawn signature",
        default=False,
        help_text="The typed name always counts; who can't draw signs with it alone.",
    )
    valid_months = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
        help_text="Empty: a consent stands until it is withdrawn.",
    )
    earlier_end_on = models.DateField(
        "earlier consents end on",
        null=True,
        blank=True,
        help_text="When everybody has to sign again: the last day of what was signed on an "
        "earlier version, or recorded on paper. Empty: those stay valid.",
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ConsentTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["key", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "key", "version"],
                name="one_row_per_consent_text_version",
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
                    IF NEW.status = 'draft' OR {CHANGED} THEN
                        RAISE EXCEPTION 'taper: a published consent text never changes';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} (version {self.version})"

    @property
    def ticks(self) -> list[str]:
        """Return the statements that must be ticked, in their order."""
        return [line.strip() for line in self.statements.splitlines() if line.strip()]

    @property
    def text_hash(self) -> str:
        """Return the SHA-256 of what a person reads and ticks."""
        read = [self.key, self.version, self.title, self.text, self.ticks]
        return sha256(json.dumps(read).encode()).hexdigest()
