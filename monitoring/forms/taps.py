"""One tap, and what may be said along with it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django import forms

from clinic.forms import ClinicalForm
from monitoring import reviewed
from monitoring.reviewed import Row
from patients.forms.fields import LineField


class BareForm(ClinicalForm):
    """A button and nothing else."""


class TapForm(ClinicalForm):
    text = LineField(max_length=240, required=False)

    def __init__(self, *args: Any, topic: str, title: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = forms.ChoiceField(choices=reviewed.choices(topic, title))


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a page of taps: each has a key of its own, so that two fast taps both count."""

    row: Row
    times: int = 0
    entry_id: UUID = field(default_factory=uuid4)

    @property
    def takes_text(self) -> bool:
        return bool(self.row.more.get("text"))

    @property
    def ends(self) -> bool:
        return bool(self.row.more.get("ends"))


def buttons(rows: list[Row], done: list[str]) -> list[Button]:
    """Return a button for each row with how often it was pressed."""
    return [Button(row, done.count(row.code)) for row in rows]
