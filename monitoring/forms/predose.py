"""The check before today's dose."""

from typing import Any

from crispy_forms.layout import Field
from django import forms

from clinic.forms import ClinicalForm
from monitoring.models.predose import Answer
from monitoring.services.predose import QUESTIONS
from patients.forms.fields import LineField
from sessions.forms.sheet import layout, reason_field

QUESTION_WORDS = {
    "identity_confirmed": "Name and birth date confirmed with the patient",
    "no_food_2h": "No food for 2 hours",
    "no_fluids_30min": "No liquids for 30 minutes",
    "no_nasal_products_1h": "No nasal spray for 1 hour",
    "transport_arranged": "Transport home arranged",
    "substance_use_today": "Alcohol or drugs today",
    "fit_today": "Mental state allows treatment",
    "new_medicines": "New medicines since last time",
}


class PreDoseForm(ClinicalForm):
    """Every question wants yes or no; an empty one is never “no”."""

    new_medicines_text = LineField(label="Which", max_length=300, required=False)
    note = LineField(max_length=500, required=False)
    decision_reason = reason_field("If it stops the dose: why treatment goes on all the same")

    def __init__(self, *args: Any, decides: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in QUESTIONS:
            self.fields[name] = forms.ChoiceField(
                label=QUESTION_WORDS[name],
                choices=Answer.choices,
                widget=forms.RadioSelect,
                error_messages={"required": "Answer yes or no."},
            )
        if not decides:
            del self.fields["decision_reason"]
        rest = ["new_medicines_text", "note", *(["decision_reason"] if decides else [])]
        questions = [Field(name, template="sessions/_question.html") for name in QUESTION_WORDS]
        self.helper = layout("entry_id", *questions, *rest)

    @property
    def answers(self) -> dict[str, Any]:
        return {k: v for k, v in self.values.items() if k != "decision_reason"}


class DecideForm(ClinicalForm):
    reason = reason_field("Why treatment goes on all the same", required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "reason")
