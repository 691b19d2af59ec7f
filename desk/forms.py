from django import forms

from clinic.forms import CalendarDateField, ClinicalForm
from patients.forms.fields import ReasonField
from reminders.kinds import Kind
from reminders.services import settling


class CloseTaskForm(ClinicalForm):
    note = ReasonField(
        label="What was done",
        max_length=240,
        error_messages={"required": "Say what was done."},
    )


class PostponeTaskForm(ClinicalForm):
    due_on = CalendarDateField(label="Due on", error_messages={"required": "Choose a day."})
    reason = ReasonField(
        label="Why it can wait",
        max_length=240,
        error_messages={"required": "Say why it can wait."},
    )


class DeclineForm(ClinicalForm):
    reason = ReasonField(
        label="Why not, and how the patient knows",
        max_length=240,
        error_messages={"required": "Say why, and that the patient knows."},
    )


class MessageForm(ClinicalForm):
    """For what needs no more than a press."""


class AcceptForm(ClinicalForm):
    """Do what a patient asked for."""


class WhyForm(ClinicalForm):
    reason = ReasonField(label="Why", max_length=240, error_messages={"required": "Say why."})


def _how(label: str, required: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=[(how.value, how.label) for how in settling.SETTLING],
        widget=forms.RadioSelect,
        error_messages={"required": required},
    )


class SettleForm(ClinicalForm):
    how = _how("How was the patient reached?", "Say how the patient was reached.")
    reason = ReasonField(
        label="What was done",
        max_length=settling.NOTE_LENGTH,
        error_messages={"required": "Say what was done."},
    )


class SettleCallForm(SettleForm):
    """The same for a call to the clinic's own people."""

    how = _how("How did somebody on call hear of it?", "Say how they heard of it.")


def settle_form(kind: str) -> type[SettleForm]:
    """Return the form that settles a failed message of this kind."""
    return SettleCallForm if kind == Kind.ON_CALL else SettleForm
