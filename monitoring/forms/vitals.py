"""Vital signs: plain digits in, one set out; the services stay the authority."""

from collections.abc import Mapping
from typing import Any

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import Field, LayoutObject
from crispy_forms.utils import render_field
from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinic.forms import ClinicalForm
from monitoring.entry import parse_bp, parse_measure
from monitoring.models import VitalSigns
from monitoring.services.record import Measured
from patients.forms.fields import LineField
from sessions.forms.fields import MomentField
from sessions.forms.sheet import More, layout, reason_field, row

MOAAS = {
    5: "awake",
    4: "slow",
    3: "loud",
    2: "shake",
    1: "pain",
    0: "no response",
}
DISSOCIATION = {0: "none", 1: "mild", 2: "moderate", 3: "strong"}


def scale(words: dict[int, str]) -> list[tuple[str, Any]]:
    """Return a button for each score, and one for none, which counts when nobody presses."""
    shown = format_html
    scores = [(str(score), shown("{}<small>{}</small>", score, w)) for score, w in words.items()]
    return [*scores, ("", shown("–<small>{}</small>", "not taken"))]


class MeasureField(forms.CharField):
    """One measure in plain digits within its hard limits; empty is not obtained."""

    def __init__(self, measure: str, **kwargs: Any) -> None:
        self.measure = measure
        decimal = measure in {"temperature", "oxygen_l_min"}
        attrs = {"inputmode": "decimal" if decimal else "numeric", "autocomplete": "off"}
        widget = kwargs.pop("widget", forms.TextInput(attrs=attrs))
        super().__init__(required=False, max_length=10, strip=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return parse_measure(self.measure, text) if text else None


class BloodPressureField(forms.CharField):
    """Both numbers in one field: "120/80"."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {
            "data-bp": True,
            "inputmode": "numeric",
            "autocomplete": "off",
            "placeholder": "120/80",
        }
        widget = forms.TextInput(attrs=attrs)
        super().__init__(required=False, max_length=10, strip=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return parse_bp(text) if text else None


class Confirm(LayoutObject):
    """Ask once about values that are possible but rare: shown when the service has asked."""

    fields: tuple[str, ...] = ()

    def render(self, form: forms.Form, context: Any, **kwargs: Any) -> SafeString:
        if not form.errors.get("confirmed"):
            return SafeString("")
        return render_field("confirmed", form, context, **kwargs)


class MeasuredForm(ClinicalForm):
    """One set of vital signs, in the order in which they are measured.

    A single measure is a recheck of that one; a fuller set speaks for all, and what it leaves out
    is unknown from then on.
    """

    bp = BloodPressureField(label="Blood pressure")
    pulse = MeasureField("pulse")
    spo2 = MeasureField("spo2", label="SpO₂")
    respiratory_rate = MeasureField("resp_rate", label="Respiration")
    sedation = MeasureField(
        "sedation", label="MOAA/S", widget=forms.RadioSelect(choices=scale(MOAAS))
    )
    dissociation = MeasureField(
        "dissociation", widget=forms.RadioSelect(choices=scale(DISSOCIATION))
    )
    oxygen_l_min = MeasureField("oxygen_l_min", label="Oxygen, if given")
    temperature = MeasureField("temperature")
    not_obtained = reason_field("Not obtained, because")
    note = LineField(max_length=500, required=False)
    confirmed = forms.BooleanField(label="Checked: the values are right", required=False)

    ROWS = (
        row(
            AppendedText("bp", "mmHg", wrapper_class="is-bp"),
            AppendedText("pulse", "/min"),
            AppendedText("spo2", "%"),
            AppendedText("respiratory_rate", "/min"),
            css="is-tight",
        ),
        Field("sedation", template="sessions/_seg.html"),
        Field("dissociation", template="sessions/_seg.html"),
        Confirm(),
    )
    RARE = (row(AppendedText("oxygen_l_min", "L/min"), AppendedText("temperature", "°C")), "note")

    @property
    def measured(self) -> Measured:
        values = self.cleaned_data
        pressure = values["bp"]
        return Measured(
            systolic=pressure.systolic if pressure else None,
            diastolic=pressure.diastolic if pressure else None,
            **{
                name: values[name]
                for name in Measured.__dataclass_fields__
                if name not in {"systolic", "diastolic"}
            },
        )


class VitalsForm(MeasuredForm):
    """`previous` shows the last value faint beside a field; nothing is ever copied in."""

    observed_at = MomentField(label="Time")
    late_reason = reason_field("Why late")

    def __init__(
        self, *args: Any, previous: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, shown in (previous or {}).items():
            self.fields[name].help_text = shown
        rare = More("Not obtained, late, oxygen, note", "not_obtained", "late_reason", *self.RARE)
        self.helper = layout("entry_id", *self.ROWS, "observed_at", rare)


class CorrectionForm(MeasuredForm):
    reason = reason_field("Why it is corrected", required=True)
    entered_in_error = forms.BooleanField(
        label="Entered in error: none of it counts", required=False
    )

    def __init__(self, *args: Any, vitals: VitalSigns, **kwargs: Any) -> None:
        kwargs["initial"] = {
            **{name: getattr(vitals, name) for name in Measured.__dataclass_fields__},
            "bp": f"{vitals.systolic}/{vitals.diastolic}" if vitals.systolic else "",
        }
        super().__init__(*args, **kwargs)
        self.fields["observed_at"] = MomentField(label="Time", original=vitals.observed_at)
        rest = ("not_obtained", *self.RARE, "reason", "entered_in_error")
        self.helper = layout("entry_id", *self.ROWS, "observed_at", *rest)
