from datetime import time
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from clinic.models import Policy
from clinic.provenance import Certainty, Source
from reminders.rules import Quiet

PROPOSED = Source("No source gives it", Certainty.PROPOSED)


class MessagePolicy(Policy):
    """How a clinic writes to its patients, and what they may do by the links in its mails."""

    SOURCES: ClassVar = dict.fromkeys(
        (
            *("quiet_from", "quiet_to", "calendar_title", "calendar_place", "auto_accept_moves"),
            *("ask_until_hours", "offered_days", "answer_within_hours", "staff_read_from"),
            *("staff_read_to", "staff_read_weekends", "on_call_address", "acknowledge_minutes"),
            *("calls_at_most", "later_calls_minutes", "calls_end_after_hours"),
            *("call_without_mail",),
        ),
        PROPOSED,
    )

    quiet_from = models.TimeField(
        "quiet from", default=time(20), help_text="On the patient's clock: no mail from then on."
    )
    quiet_to = models.TimeField("quiet until", default=time(8))
    calendar_title = models.CharField(
        max_length=60,
        default="Appointment",
        help_text="What the entry in the patient's calendar is called. Leave out drug and "
        "speciality.",
    )
    calendar_place = models.BooleanField("the address stands in the calendar entry", default=True)
    auto_accept_moves = models.BooleanField(
        "accept another time that a patient chose without a look",
        default=False,
        help_text="Only times that keep gap, window, room and phase are offered either way.",
    )
    ask_until_hours = models.PositiveSmallIntegerField(
        "patients may ask for another time until (hours before)",
        default=24,
        validators=[MaxValueValidator(336)],
    )
    offered_days = models.PositiveSmallIntegerField(
        "other times are offered for (days ahead)",
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
    )
    answer_within_hours = models.PositiveSmallIntegerField(
        "call when a follow-up stays unanswered for (hours)",
        default=48,
        validators=[MinValueValidator(1), MaxValueValidator(336)],
    )
    call_without_mail = models.BooleanField(
        "call patients who get no follow-up by e-mail",
        default=True,
        help_text="Who declined it, gave no consent or has no address, for example. The task opens "
        "when the follow-up would have gone.",
    )
    staff_read_from = models.TimeField("staff read answers from", default=time(8))
    staff_read_to = models.TimeField("staff read answers until", default=time(17))
    staff_read_weekends = models.BooleanField("they read them at weekends, too", default=False)
    on_call_address = models.EmailField(
        "on call",
        blank=True,
        help_text="This address hears at any hour when an answer can't wait. The mail says only "
        "that: nothing of the patient.",
    )
    acknowledge_minutes = models.PositiveSmallIntegerField(
        "somebody takes such an answer within (minutes)",
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(240)],
    )
    calls_at_most = models.PositiveSmallIntegerField(
        "calls at that pace at most (times)",
        default=8,
        validators=[MinValueValidator(1), MaxValueValidator(48)],
    )
    later_calls_minutes = models.PositiveSmallIntegerField(
        "then calls every (minutes)",
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(720)],
        help_text="Until somebody takes the task.",
    )
    calls_end_after_hours = models.PositiveSmallIntegerField(
        "no more calls after (hours)",
        default=48,
        validators=[MinValueValidator(1), MaxValueValidator(168)],
        help_text="The task stays on the board.",
    )

    class Meta(Policy.Meta):
        verbose_name = "messages to patients"
        verbose_name_plural = "messages to patients"
        constraints = [
            models.CheckConstraint(
                condition=~Q(quiet_from=F("quiet_to")),
                name="quiet_hours_end",
                violation_error_message="Quiet from and until can't be the same time.",
            ),
            models.CheckConstraint(
                condition=Q(staff_read_from__lt=F("staff_read_to")),
                name="staff_read_for_a_while",
                violation_error_message="Staff read until a time after they begin.",
            ),
            models.CheckConstraint(
                condition=Q(ask_until_hours__lte=F("offered_days") * 24 - 24),
                name="other_times_can_be_offered",
                violation_error_message="Patients could choose no other time: offer times for at "
                "least a day more than the hours until which they may ask.",
            ),
        ]

    def clean(self) -> None:
        super().clean()
        minutes, hours = self.acknowledge_minutes, self.calls_end_after_hours
        if minutes is not None and hours is not None and hours * 60 <= minutes:
            raise ValidationError(
                {
                    "calls_end_after_hours": "Nobody would be called again: that begins after "
                    f"{minutes} minutes in which nobody took the answer. Choose more hours."
                }
            )

    @property
    def quiet(self) -> Quiet:
        return Quiet(self.quiet_from, self.quiet_to)
