"""What is asked for the REMS Patient Monitoring Form, and how it was filed."""

from typing import Any

from crispy_forms.layout import Field
from django import forms

from clinic.forms import ClinicalForm
from monitoring.models import RemsFiling
from monitoring.rems import CLASSES, CRITERIA, OBSERVED, YES, Form
from patients.forms.fields import LineField
from sessions.forms.fields import MomentField, PlainNumberField
from sessions.forms.sheet import layout, reason_field, row

YES_NO = [("yes", "Yes"), ("no", "No")]
MOST_MINUTES = 1440


class AnswersForm(ClinicalForm):
    """The questions that the log leaves open; each may wait, and is missing until then."""

    def __init__(self, *args: Any, form: Form, answers: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, initial=answers)
        fields = {field.key: field for field in form.fields}
        asked: list[Any] = []
        for key, label in CLASSES.items():
            asked.append(self._ask(key, f"Takes {label[0].lower()}{label[1:]}"))
        self.fields["ready_minutes"] = PlainNumberField(
            label="Minutes after which the patient would have been ready without two hours",
            high=MOST_MINUTES,
            unit="minutes",
            required=False,
        )
        asked.append("ready_minutes")
        for key, label in OBSERVED.items():
            field = fields[key]
            if field.note:  # the readings left it open
                asked.append(self._ask(key, f"{label} after the dose", field.note))
        if fields["serious"].value != YES:
            asked.append(self._ask("serious", "Serious adverse event", "in this session"))
        else:
            self.fields["criteria"] = forms.MultipleChoiceField(
                label="Why the event is serious",
                choices=list(CRITERIA.items()),
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )
            asked.append("criteria")
        self.helper = layout("entry_id", *asked)

    def _ask(self, key: str, label: str, help_text: str = "") -> Field:
        self.fields[key] = forms.ChoiceField(
            label=label,
            choices=YES_NO,
            widget=forms.RadioSelect,
            required=False,
            help_text=help_text,
        )
        return Field(key, template="sessions/_seg.html")


class FileForm(ClinicalForm):
    """How the form went to REMS; `shown` is the digest of what the page shows."""

    shown = forms.CharField(widget=forms.HiddenInput, max_length=64)
    channel = forms.ChoiceField(
        label="Filed by", choices=RemsFiling.Channel.choices, widget=forms.RadioSelect
    )
    reference = LineField(label="Confirmation or fax reference", max_length=80, required=False)
    filed_at = MomentField(label="Filed at")
    incomplete_reason = reason_field("Why it is filed incomplete")

    def __init__(self, *args: Any, complete: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if complete:
            del self.fields["incomplete_reason"]
        seg = Field("channel", template="sessions/_seg.html")
        rest = [] if complete else ["incomplete_reason"]
        self.helper = layout("entry_id", "shown", seg, row("reference", "filed_at"), *rest)
