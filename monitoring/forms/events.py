"""Missed checks and adverse events: what happened, how it ended, and what was wrong."""

from collections.abc import Iterable
from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from clinic.forms import ClinicalForm
from monitoring import reviewed
from monitoring.models import AdverseEvent
from monitoring.models.events import Outcome
from patients.forms.fields import LineField
from sessions.forms.fields import MomentField
from sessions.forms.sheet import layout, reason_field, row

CHECKS = "monitoring/_checks.html"


def checks(label: str, choices: Iterable[tuple[str, str]]) -> forms.MultipleChoiceField:
    """Return boxes of which any may be ticked; `CHECKS` draws them as big buttons."""
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class Suggesting(forms.TextInput):
    """A line that suggests the words of a reviewed list and takes any other."""

    def __init__(self, topic: str, title: str) -> None:
        super().__init__({"list": f"{topic}-{title}", "autocomplete": "off"})
        self.suggested = [row.words for row in reviewed.topic(topic)[title]]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        line = super().render(name, value, attrs, renderer)
        options = format_html_join("", '<option value="{}">', ((w,) for w in self.suggested))
        return format_html('{}<datalist id="{}">{}</datalist>', line, self.attrs["list"], options)


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
    term = LineField(label="What happened", max_length=120, widget=Suggesting("events", "terms"))
    severity = forms.ChoiceField(choices=AdverseEvent.Severity.choices, widget=forms.RadioSelect)
    seriousness = checks("Serious, because of", AdverseEvent.Seriousness.choices)
    onset_at = MomentField(label="Began")
    action = LineField(label="What was done", max_length=240, required=False)
    medicine_actions = checks("Medicine", AdverseEvent.MedicineAction.choices)
    relation = forms.ChoiceField(
        label="Suspected relation to the medicine",
        choices=AdverseEvent.Relation.choices,
        initial=AdverseEvent.Relation.UNKNOWN,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout(
            "entry_id",
            row("term", "onset_at"),
            Field("severity", template="sessions/_seg.html"),
            Field("seriousness", template=CHECKS),
            Field("medicine_actions", template=CHECKS),
            "action",
            "relation",
        )

    def clean_relation(self) -> str:
        return self.cleaned_data["relation"] or AdverseEvent.Relation.UNKNOWN


class ResolveForm(ClinicalForm):
    """How it ended, or how it stands while it goes on."""

    outcome = forms.ChoiceField(
        choices=Outcome.choices, initial=Outcome.RESOLVED, widget=forms.RadioSelect, required=False
    )
    resolution = reason_field(
        "How it ended, or how it is",
        required=True,
        error_messages={"required": "Say how it ended, or how it is now."},
    )
    at = MomentField(label="When")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seg = Field("outcome", template="sessions/_seg.html")
        self.helper = layout("entry_id", seg, row("resolution", "at"))

    def clean_outcome(self) -> str:
        return self.cleaned_data["outcome"] or Outcome.RESOLVED


class EventInErrorForm(ClinicalForm):
    reason = reason_field("Why this was wrong", required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "reason")
