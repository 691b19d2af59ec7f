"""Missed checks and adverse events: what happened, how it ended, and what was wrong."""

from typing import Any

from crispy_forms.layout import Field
from django import forms

from clinic.forms import ClinicalForm
from monitoring.models import AdverseEvent
from patients.forms.fields import LineField
from sessions.forms.fields import MomentField
from sessions.forms.sheet import layout, reason_field, row


class MissedForm(ClinicalForm):
    reason = reason_field("Why it was missed, or taken too late", required=True)

    def __init__(self, *args: Any, labels: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["label"] = forms.ChoiceField(
            label="Which check",
            choices=[(label, label) for label in labels],
            error_messages={
                "invalid_choice": "This check needs no reason now: it is not due, or settled."
            },
        )
        self.helper = layout("entry_id", "label", "reason")


class WithdrawForm(ClinicalForm):
    """Take back that a check was missed."""

    reason = reason_field("Why this was wrong", required=True)

    def __init__(self, *args: Any, labels: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["label"] = forms.ChoiceField(
            label="Which check",
            choices=[(label, label) for label in labels],
            error_messages={"invalid_choice": "This check is not on record as missed."},
        )
        self.helper = layout("entry_id", "label", "reason")


class EventForm(ClinicalForm):
    term = LineField(label="What happened", max_length=120)
    severity = forms.ChoiceField(choices=AdverseEvent.Severity.choices, widget=forms.RadioSelect)
    serious = forms.BooleanField(
        label="Serious: hospital, lasting harm or danger to life", required=False
    )
    onset_at = MomentField(label="Began")
    action = LineField(label="What was done", max_length=240, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seg = Field("severity", template="sessions/_seg.html")
        self.helper = layout("entry_id", row("term", "onset_at"), seg, "serious", "action")


class ResolveForm(ClinicalForm):
    resolution = reason_field("How it ended", required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "resolution")


class EventInErrorForm(ClinicalForm):
    reason = reason_field("Why this was wrong", required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "reason")
