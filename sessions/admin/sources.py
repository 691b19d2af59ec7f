"""Where the numbers of a protocol are from: typed beside each of them, or shown as a list."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.utils.html import format_html_join

from patients.forms.fields import LineField
from sessions.models import MonitoringTemplate
from sessions.protocols import WORDS

LENGTH = 240
FIELD = {name: f"source_{name}" for name in WORDS}


def listed(sources: Mapping[str, str]) -> str:
    """Return sources as lines; those of the monitoring stand on its own page."""
    found = (
        (WORDS.get(name) or name.replace("_", " "), text)
        for name, text in sources.items()
        if text and not name.startswith("monitoring.")
    )
    return format_html_join("", "<div>{}: {}</div>", found) or "None named."


class WhereFrom:
    """An admin page on which sources are read, not edited."""

    @admin.display(description="sources")
    def where_from(self, row: Any) -> str:
        return listed(row.sources)


class _WithSources(forms.ModelForm):
    """A monitoring template with one line of source for each of its settings."""

    class Meta:
        model = MonitoringTemplate
        fields = list(WORDS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in FIELD.items():
            if field in self.fields:
                self.fields[field].initial = self.instance.sources.get(name, "")

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        told = {name: typed[field] for name, field in FIELD.items() if field in typed}
        kept = {**self.instance.sources, **told}
        self.instance.sources = {name: text for name, text in kept.items() if text}
        return typed


def _line() -> LineField:
    widget = forms.TextInput(attrs={"size": 60})
    return LineField(label="Source", max_length=LENGTH, required=False, widget=widget)


TemplateForm: "type[forms.ModelForm[MonitoringTemplate]]" = type(
    "TemplateForm", (_WithSources,), {field: _line() for field in FIELD.values()}
)
