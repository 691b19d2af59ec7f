"""The check before today's dose."""

from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.utils.html import format_html

from clinic.forms import ClinicalForm
from clinic.templatetags.ui import icon
from monitoring.questions import QUESTIONS
from monitoring.services.predose import STOPS, UNANSWERED
from patients.forms.fields import LineField
from sessions.forms.sheet import layout, reason_field


def choices_of(name: str) -> list[tuple[str, Any]]:
    """Return both answers in words; one that stops the dose says so once it is chosen."""
    (passes, good), (against, other) = QUESTIONS[name].choices
    if name not in STOPS and name != "identity_confirmed":
        return [(passes, good), (against, other)]
    words = '{} <small class="stops">{} stops the dose</small>'
    return [(passes, good), (against, format_html(words, other, icon("warning")))]


class PreDoseForm(ClinicalForm):
    """Every question wants an answer; an empty one is never “no”."""

    new_medicines_text = LineField(label="Which new medicines", max_length=300, required=False)
    note = LineField(max_length=500, required=False)
    decision_reason = reason_field("If it stops the dose: why treatment goes on all the same")

    def __init__(self, *args: Any, decides: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in QUESTIONS:
            self.fields[name] = forms.ChoiceField(
                label=QUESTIONS[name].topic,
                choices=choices_of(name),
                widget=forms.RadioSelect,
                error_messages={"required": UNANSWERED},
            )
        if not decides:
            del self.fields["decision_reason"]
        rest = ["new_medicines_text", "note", *(["decision_reason"] if decides else [])]
        questions = [Field(name, template="sessions/_question.html") for name in QUESTIONS]
        self.helper = layout("entry_id", *questions, *rest)

    @property
    def answers(self) -> dict[str, Any]:
        return {k: v for k, v in self.values.items() if k != "decision_reason"}


class DecideForm(ClinicalForm):
    """Go on all the same; `shown` carries a digest of what the form named."""

    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    reason = reason_field("Why treatment goes on all the same", required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "shown", "reason")
