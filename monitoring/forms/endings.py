"""Endings that aren't a discharge."""

from typing import Any

from crispy_forms.layout import Field
from django import forms

from clinic.forms import VersionedForm
from monitoring.models import AgainstAdvice
from patients.forms.fields import LineField
from sessions.forms.fields import MomentField
from sessions.forms.sheet import layout, reason_field, row

SEG = "sessions/_seg.html"


class TransferForm(VersionedForm):
    to_where = LineField(
        label="Where to", max_length=120, error_messages={"required": "Say where to."}
    )
    taken_by = LineField(label="Taken by", max_length=120, required=False)
    condition = LineField(label="Condition at the hand-over", max_length=300, required=False)
    told = LineField(label="Who was told", max_length=240, required=False)
    at = MomentField(label="When")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lines = (row("to_where", "taken_by"), "condition", row("told", "at"))
        self.helper = layout("entry_id", "version", *lines)


class AgainstAdviceForm(VersionedForm):
    reason = reason_field("Why they left", required=True)
    escort = LineField(label="Went with", max_length=120, required=False)
    at = MomentField(label="When")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label, choices in (
            ("has_capacity", "Able to decide", AgainstAdvice.Known.choices),
            ("informed", "Told about the risks", AgainstAdvice.Known.choices),
            ("paper", "Form", AgainstAdvice.Paper.choices),
        ):
            self.fields[name] = _buttons(label, choices)
        asked = [Field(name, template=SEG) for name in ("has_capacity", "informed", "paper")]
        self.helper = layout("entry_id", "version", *asked, "reason", row("escort", "at"))


class GoneForm(VersionedForm):
    last_seen_at = MomentField(label="Last seen at")
    last_seen_where = LineField(label="Last seen where", max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "version", row("last_seen_at", "last_seen_where"))


def _buttons(label: str, choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=[*choices, ("", "Not known")],
        required=False,
        widget=forms.RadioSelect,
    )
