"""Panic in a session: how it began, one step after the other, how it ended."""

from typing import Any

from crispy_forms.layout import Field
from django import forms

from clinic.forms import ClinicalForm
from monitoring import reviewed
from monitoring.forms.events import CHECKS, checks
from monitoring.models import AdverseEvent
from monitoring.models.panic import PEAK, SUDS
from patients.forms.fields import LineField
from sessions.forms.fields import MomentField
from sessions.forms.sheet import layout, reason_field, row

SEG = "sessions/_seg.html"
SCORES = [(str(score), str(score)) for score in range(11)]


class PanicForm(ClinicalForm):
    severity = forms.ChoiceField(choices=AdverseEvent.Severity.choices, widget=forms.RadioSelect)
    suds = forms.ChoiceField(
        label="Distress now (SUDS)", choices=SCORES, widget=forms.RadioSelect, required=False
    )
    onset_at = MomentField(label="Began")
    trigger = LineField(max_length=240, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["symptoms"] = checks("Symptoms", reviewed.choices("panic", "symptoms"))
        buttons = (Field("severity", template=SEG), Field("suds", template=SEG))
        symptoms = Field("symptoms", template=CHECKS)
        self.helper = layout("entry_id", *buttons, row("onset_at", "trigger"), symptoms)

    def clean_suds(self) -> int | None:
        return int(self.cleaned_data["suds"]) if self.cleaned_data["suds"] else None


class PanicStepForm(ClinicalForm):
    """One tap: a step of the list, a score or the peak."""

    text = LineField(max_length=240, required=False)
    suds = forms.ChoiceField(choices=SCORES, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = reviewed.choices("panic", "steps")
        choices = [*steps, (SUDS, "SUDS"), (PEAK, "Peak")]
        self.fields["code"] = forms.ChoiceField(choices=choices)

    def clean_suds(self) -> int | None:
        return int(self.cleaned_data["suds"]) if self.cleaned_data["suds"] else None


class PanicEndForm(ClinicalForm):
    text = LineField(label="Note", max_length=240, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, title, words in (
            ("outcome", "outcomes", "How it ended"),
            ("next_session", "next", "Next session"),
        ):
            self.fields[name] = forms.ChoiceField(
                label=words,
                choices=reviewed.choices("panic", title),
                widget=forms.RadioSelect,
                required=name == "outcome",
            )
        fields = [Field(name, template=SEG) for name in ("outcome", "next_session")]
        self.helper = layout("entry_id", *fields, "text")


class PanicInErrorForm(ClinicalForm):
    reason = reason_field("Why this was wrong", required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "reason")
