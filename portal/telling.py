"""What patients said through their links, in words for staff."""

from collections.abc import Mapping
from typing import Any

from django import forms

from portal.forms import PARTS

Line = tuple[str, str]


def lines(part: str, answers: Mapping[str, Any]) -> list[Line]:
    """Return each question of a follow-up that has an answer, with that answer."""
    found = []
    for name, field in PARTS[part].base_fields.items():
        words = _words(field, answers.get(name))
        if words:
            found.append((str(field.label), words))
    return found


def _words(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.BooleanField):
        return "yes" if value else ""
    if isinstance(field, forms.ChoiceField):
        chosen = value if isinstance(value, list) else [value]
        labels = dict(field.choices)  # type: ignore[arg-type]  # ours are plain pairs
        return ", ".join(str(labels[each]) for each in chosen if each in labels)
    return str(value or "")
