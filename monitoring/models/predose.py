from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import append_only
from clinic.models.scoping import PublicRow
from monitoring.models.scoping import SessionRowQuerySet
from monitoring.questions import PRIVATE, QUESTIONS, Choice
from monitoring.readings import Settings
from monitoring.told_medicines import told_in
from sessions.models import TreatmentSession
from sessions.models.session import audited_child


class Answer(models.TextChoices):
    """Blank is never “no”: each question that is asked wants one of these."""

    YES = "yes", "Yes"
    NO = "no", "No"


def answer_field(label: str, **kwargs: Any) -> "models.CharField[str, str]":
    """Make the column of one question; empty: it was not asked."""
    return models.CharField(label, max_length=3, choices=Answer.choices, blank=True, **kwargs)


class PreDoseCheck(PublicRow):
    """The answers before today's dose; a repeated check is a new row and the newest counts.

    A column keeps the name that signed records know it by; which number a question was asked with
    stands in `asked`.
    """

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="predose_checks"
    )
    asked = models.JSONField(
        default=dict, help_text="Question to the words it was asked in; others were not asked."
    )
    identity_confirmed = answer_field("Name confirmed")
    birth_date_confirmed = answer_field("Birth date confirmed", default="")
    no_food_2h = answer_field("No food for long enough")
    last_food_at = models.DateTimeField(null=True, blank=True)
    no_fluids_30min = answer_field("No liquids for long enough")
    last_fluids_at = models.DateTimeField(null=True, blank=True)
    no_nasal_products_1h = answer_field("No nasal product for long enough")
    transport_arranged = answer_field("Transport arranged")
    escort_arranged = answer_field("Escort arranged", default="")
    new_medicines = answer_field("New medicines since last time")
    new_medicines_text = models.CharField(max_length=300, blank=True)
    substance_use_today = answer_field("Alcohol or drugs today")
    pdmp = models.CharField(
        "Prescription monitoring",
        max_length=12,
        blank=True,
        default="",
        choices=[(choice.answer, choice.words) for choice in QUESTIONS["pdmp"].choices],
    )
    fit_today = answer_field("Mental state allows treatment")
    harm_thoughts = answer_field("Thoughts of self-harm today", default="")
    note = models.CharField(max_length=500, blank=True)
    decision_reason = models.CharField(
        max_length=240, blank=True, help_text="Why a prescriber lets treatment go on all the same."
    )
    safety_plan = models.CharField(max_length=500, blank=True)
    covers = models.JSONField(
        default=list, help_text="Keys of the values that the decision was shown."
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    completed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    completed_at = models.DateTimeField()

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        ordering = ["-completed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decision_reason=""),
                name="a_decision_to_treat_says_why",
            ),
        ]
        triggers = [audited_child(), append_only()]

    @property
    def asked_words(self) -> dict[str, str]:
        """Return the questions as they were asked; older checks kept only the answers."""
        if self.asked:
            return self.asked
        plain = Settings()
        answered = (code for code in QUESTIONS if getattr(self, code))
        return {code: QUESTIONS[code].asked_with(plain) for code in answered}

    @property
    def stopped(self) -> list[tuple[str, Choice]]:
        """Return what the answers stop, in words."""
        found = []
        for code, words in self.asked_words.items():
            choice = QUESTIONS[code].choice(getattr(self, code)) if code in QUESTIONS else None
            if choice and choice.stop:
                found.append((choice.stopped or words, choice))
        return found

    @property
    def told_medicines(self) -> list[str]:
        """Return the new medicines that were named, one by one."""
        return told_in(self.new_medicines_text)

    @property
    def stops(self) -> list[str]:
        return [words for words, _ in self.stopped]

    def __str__(self) -> str:
        return f"Pre-dose check {self.completed_at:%Y-%m-%d %H:%M}"


class PregnancyAnswer(PublicRow):
    """What was answered to the private question; the patient's newest row counts."""

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="pregnancy_answers"
    )
    answer = models.CharField(
        max_length=14, choices=[(choice.answer, choice.words) for choice in PRIVATE.values()]
    )
    note = models.CharField(max_length=240, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answer__in=[*PRIVATE]), name="a_private_answer_is_one_of_them"
            ),
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return self.get_answer_display()
