"""Which prescriber is on site: stays with both their times, and who took over from whom."""

from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value

from clinic.audit_triggers import audited, kept
from clinic.models.people import Clinic
from clinic.models.policy import Policy
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from clinic.provenance import Certainty, Source

STAY = Func("since", "until", Value("[)"), function="TSTZRANGE", output_field=DateTimeRangeField())
LATER = ("confirmed_at", "until", "ended_by_id", "ended_at", "ending_reason")
CORRECTED = ("corrected_at", "corrected_by_id", "correction")


def only_later(*columns: str, closed: str) -> pgtrigger.Trigger:
    """Refuse any change but to these columns, and every change once `closed` (SQL) holds."""
    names = ", ".join(f"'{column}'" for column in columns)
    return pgtrigger.Trigger(
        name="only_later",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
            IF {closed} OR (to_jsonb(NEW) - ARRAY[{names}])
                IS DISTINCT FROM (to_jsonb(OLD) - ARRAY[{names}]) THEN
                RAISE EXCEPTION 'taper: % is corrected by a new row', TG_TABLE_NAME;
            END IF;
            RETURN NEW;
        """,
    )


class PresencePolicy(Policy):
    """Whether a prescriber has to be on site, and how long one counts without a sign of life."""

    required = models.BooleanField(
        default=True,
        help_text="Warn before a dose, and while patients are treated, when nobody is registered. "
        "Where REMS applies the dose waits for a prescriber whatever is chosen here.",
    )
    ask_again_minutes = models.PositiveSmallIntegerField(
        default=240,
        validators=[MaxValueValidator(1440)],
        help_text="So long after the last sign of life a prescriber counts no more until asked. "
        "0: never ask.",
    )

    SOURCES = {
        "required": Source(
            "Clinical reference 2 and 3.3 [REMSFDA, REMSENR]: REMS wants a prescriber on site "
            "during administration and monitoring; elsewhere it is good practice",
            Certainty.READ,
        ),
        "ask_again_minutes": Source("No source gives a time", Certainty.PROPOSED),
    }

    class Meta(Policy.Meta):
        verbose_name = "presence settings"
        verbose_name_plural = "presence settings"


class OnSiteQuerySet(ClinicScopedQuerySet):
    def standing(self) -> Self:
        """Leave out what was corrected or entered in error."""
        return self.filter(corrected_at__isnull=True)

    def open(self) -> Self:
        return self.standing().filter(until__isnull=True)


class OnSite(PublicRow):
    """A prescriber's stay at the clinic; one that was wrong is marked and replaced by another."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="stays_on_site")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(help_text="The last sign of life.")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When that was written.")
    ending_reason = models.CharField(
        max_length=240, blank=True, help_text="Why nobody took over, where patients were treated."
    )
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    corrected_at = models.DateTimeField(null=True, blank=True)
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    correction = models.CharField(max_length=240, blank=True, help_text="Why it was wrong.")

    objects = OnSiteQuerySet.as_manager()

    class Meta:
        ordering = ["since", "pk"]
        verbose_name = "stay on site"
        verbose_name_plural = "stays on site"
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
                name="a_stay_ends_after_it_begins",
                violation_error_message="The end lies before the beginning.",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True, ended_by__isnull=True)
                | Q(until__isnull=False, ended_by__isnull=False),
                name="an_ended_stay_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(corrected_at__isnull=True, correction="")
                | (Q(corrected_at__isnull=False) & ~Q(correction="")),
                name="a_corrected_stay_says_why",
            ),
            ExclusionConstraint(
                name="one_stay_on_site_at_a_time",
                expressions=[("person", RangeOperators.EQUAL), (STAY, RangeOperators.OVERLAPS)],
                condition=Q(corrected_at__isnull=True),
                violation_error_message="This overlaps another stay of the same person.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["clinic"],
                name="on_site_now",
                condition=Q(until__isnull=True, corrected_at__isnull=True),
            ),
        ]
        triggers = [
            audited(patient="NULL::bigint"),
            kept(),
            only_later(
                *LATER,
                *CORRECTED,
                closed="OLD.corrected_at IS NOT NULL OR (OLD.until IS NOT NULL"
                " AND NEW.until IS DISTINCT FROM OLD.until)",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} on site"


class HandOver(PublicRow):
    """One prescriber asks another to take over; the first stays in charge until it is accepted."""

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    stay = models.ForeignKey(OnSite, models.PROTECT, related_name="hand_overs")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    note = models.CharField(max_length=240, blank=True)
    offered_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["offered_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["stay"],
                condition=Q(answer=""),
                name="one_open_hand_over",
                violation_error_message="A hand-over waits for its answer already.",
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True, answered_by__isnull=True)
                | (~Q(answer="") & Q(answered_at__isnull=False, answered_by__isnull=False)),
                name="an_answered_hand_over_says_by_whom",
            ),
        ]
        triggers = [
            audited(patient="NULL::bigint"),
            kept(),
            only_later("answer", "answered_at", "answered_by_id", closed="OLD.answer <> ''"),
        ]

    def __str__(self) -> str:
        return f"Hand-over to {self.to}"
