"""The check before today's dose, the private question, the weight, and a prescriber's decision."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.utils.html import format_html

from clinic.forms import ClinicalForm
from clinic.templatetags.ui import icon
from monitoring.forms.events import CHECKS
from monitoring.questions import PRIVATE, QUESTIONS, Choice
from monitoring.services.predose import LAST_INTAKE, UNANSWERED
from patients.forms.fields import LineField, NumberField, ReasonField
from sessions.forms.fields import MomentField
from sessions.forms.sheet import More, layout, reason_field, row

UNITS = [("kg", "kg"), ("lb", "lb")]


def shown(choice: Choice) -> tuple[str, Any]:
    """Return an answer in words; one that stops the dose says so once it is chosen."""
    if not choice.stop:
        return choice.answer, choice.words
    words = '{} <small class="stops">{} stops the dose</small>'
    return choice.answer, format_html(words, choice.words, icon("warning"))


def choices_of(code: str) -> list[tuple[str, Any]]:
    return [shown(choice) for choice in QUESTIONS[code].choices]


class PreDoseForm(ClinicalForm):
    """Every question wants an answer; an empty one is never “no”."""

    new_medicines_text = LineField(
        label="Which new medicines",
        max_length=300,
        required=False,
        help_text="One after the other, with commas. What they raise is shown on the sheet.",
    )
    last_food_at = MomentField(label="Last ate at")
    last_fluids_at = MomentField(label="Last drank at")
    note = LineField(max_length=500, required=False)
    decision_reason = reason_field("If it stops the dose: why treatment goes on all the same")

    def __init__(
        self, *args: Any, asked: Mapping[str, str], decides: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.asked = asked
        for code, words in asked.items():
            self.fields[code] = forms.ChoiceField(
                label=words,
                choices=choices_of(code),
                widget=forms.RadioSelect,
                error_messages={"required": UNANSWERED},
            )
        if not decides:
            del self.fields["decision_reason"]
        times = []
        for code, (name, _) in LAST_INTAKE.items():
            if code in asked:
                del self.fields[name].widget.attrs["placeholder"]  # empty: not asked, never now
                times.append(name)
            else:
                del self.fields[name]
        folded = [More("Time of the last meal or drink", row(*times))] if times else []
        decision = ["decision_reason"] if decides else []
        questions = [Field(code, template="sessions/_question.html") for code in asked]
        self.helper = layout(
            "entry_id", *questions, "new_medicines_text", "note", *decision, *folded
        )

    @property
    def answers(self) -> dict[str, Any]:
        return {k: v for k, v in self.values.items() if k != "decision_reason"}


class ToldForm(ClinicalForm):
    """Which of the named medicines go onto the chart; all of them unless one is unticked."""

    def __init__(self, *args: Any, told: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, initial={"texts": list(told)}, **kwargs)
        self.fields["texts"] = forms.MultipleChoiceField(
            label="As they were typed",
            choices=[(text, text) for text in told],
            widget=forms.CheckboxSelectMultiple,
            error_messages={
                "required": "Tick what goes onto the chart.",
                "invalid_choice": "They stand on the chart by now.",
            },
        )
        self.helper = layout("entry_id", Field("texts", template=CHECKS))


class PrivateForm(ClinicalForm):
    note = LineField(max_length=240, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"] = forms.ChoiceField(
            label="Could you be pregnant? Test result, or what was said",
            choices=[shown(choice) for choice in PRIVATE.values()],
            widget=forms.RadioSelect,
            error_messages={"required": UNANSWERED},
        )
        question = Field("answer", template="sessions/_question.html")
        self.helper = layout("entry_id", question, "note")


class WeightForm(ClinicalForm):
    """A weight as the scale shows it; one that is far off is asked for once more.

    `doubted` holds the kilograms that were asked about: the tick confirms these and no others.
    """

    number = NumberField(label="Weight", error_messages={"required": "Enter the weight."})
    unit = forms.ChoiceField(choices=UNITS, initial="kg", widget=forms.RadioSelect)
    doubted = forms.DecimalField(
        required=False, max_digits=6, decimal_places=2, widget=forms.HiddenInput
    )
    confirmed = forms.BooleanField(label="Checked: this is the weight", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit = Field("unit", template="sessions/_seg.html")
        asks = ["confirmed"] if self.data.get("doubted") else []
        self.helper = layout("entry_id", "doubted", "number", unit, *asks)

    def ask_about(self, kilograms: Decimal) -> None:
        self.ask_again(doubted=str(kilograms), confirmed="")
        self.helper.layout.fields.append("confirmed")


class DecideForm(ClinicalForm):
    """Go on all the same; `shown` carries a digest of what the form named."""

    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    reason = reason_field("Why treatment goes on all the same", required=True)
    safety_plan = ReasonField(
        max_length=500,
        required=False,
        help_text="What was agreed for the time after the session, and whom to call.",
    )

    def __init__(self, *args: Any, plan: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not plan:
            del self.fields["safety_plan"]
        self.helper = layout("entry_id", "shown", "reason", *(["safety_plan"] if plan else []))
