"""Forms of the session sheet that belong to monitoring; the services stay the authority."""

from collections.abc import Mapping
from typing import Any

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import Field, LayoutObject
from crispy_forms.utils import render_field
from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinic.entries import Submission
from clinic.forms import ClinicalForm
from monitoring.discharge import Gate
from monitoring.entry import parse_bp, parse_measure
from monitoring.models import AdverseEvent, Escort, VitalSigns
from monitoring.models.predose import Answer
from monitoring.services.discharge import PRESCRIBER_DECIDES
from monitoring.services.predose import QUESTIONS
from monitoring.services.record import Measured
from sessions.forms.fields import MomentField
from sessions.forms.sheet import More, layout, reason_field, row

MOAAS = {
    5: "awake",
    4: "slow",
    3: "loud",
    2: "shake",
    1: "pain",
    0: "none",
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
    note = forms.CharField(max_length=500, required=False)
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


class EventForm(ClinicalForm):
    term = forms.CharField(label="What happened", max_length=120)
    severity = forms.ChoiceField(choices=AdverseEvent.Severity.choices, widget=forms.RadioSelect)
    serious = forms.BooleanField(
        label="Serious: hospital, lasting harm or danger to life", required=False
    )
    onset_at = MomentField(label="Began")
    action = forms.CharField(label="What was done", max_length=240, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seg = Field("severity", template="sessions/_seg.html")
        self.helper = layout("entry_id", row("term", "onset_at"), seg, "serious", "action")


class ResolveForm(ClinicalForm):
    resolution = reason_field("How it ended", required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "resolution")


class EscortForm(ClinicalForm):
    kind = forms.ChoiceField(choices=Escort.Kind.choices, widget=forms.RadioSelect)
    name = forms.CharField(label="Name of the person or service", max_length=120)
    phone = forms.CharField(max_length=40, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seg = Field("kind", template="sessions/_seg.html")
        self.helper = layout("entry_id", seg, row("name", "phone"))


QUESTION_WORDS = {
    "identity_confirmed": "Name and birth date confirmed with the patient",
    "no_food_2h": "No food for 2 hours",
    "no_fluids_30min": "No liquids for 30 minutes",
    "no_nasal_products_1h": "No nasal spray for 1 hour",
    "transport_arranged": "Transport home arranged",
    "substance_use_today": "Alcohol or drugs today",
    "fit_today": "Mental state allows treatment",
    "new_medicines": "New medicines since last time",
}


class PreDoseForm(ClinicalForm):
    """Every question wants yes or no; an empty one is never “no”."""

    new_medicines_text = forms.CharField(label="Which", max_length=300, required=False)
    note = forms.CharField(max_length=500, required=False)
    decision_reason = reason_field("If it stops the dose: why treatment goes on all the same")

    def __init__(self, *args: Any, decides: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in QUESTIONS:
            self.fields[name] = forms.ChoiceField(
                label=QUESTION_WORDS[name],
                choices=Answer.choices,
                widget=forms.RadioSelect,
                error_messages={"required": "Answer yes or no."},
            )
        if not decides:
            del self.fields["decision_reason"]
        rest = ["new_medicines_text", "note", *(["decision_reason"] if decides else [])]
        questions = [Field(name, template="sessions/_question.html") for name in QUESTION_WORDS]
        self.helper = layout("entry_id", *questions, *rest)

    @property
    def answers(self) -> dict[str, Any]:
        return {k: v for k, v in self.values.items() if k != "decision_reason"}


class DecideForm(ClinicalForm):
    reason = reason_field("Why treatment goes on all the same", required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "reason")


class AssessForm(ClinicalForm):
    """A clinician's judgement, with a reason for each condition that may be decided."""

    ready = forms.ChoiceField(
        label="Judgement",
        choices=[("yes", "Ready to leave"), ("no", "Not ready yet")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether the patient is ready to leave."},
    )
    note = forms.CharField(max_length=500, required=False)

    def __init__(self, *args: Any, gate: Gate, prescriber: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = []
        for condition in gate.conditions:
            if not condition.decidable:
                continue
            if condition.code in PRESCRIBER_DECIDES and not prescriber:
                continue
            name = f"decide_{condition.code}"
            self.fields[name] = reason_field("Why this is acceptable", help_text=condition.text)
            asked.append(name)
        seg = Field("ready", template="sessions/_seg.html")
        self.helper = layout("entry_id", seg, *asked, "note")

    @property
    def decisions(self) -> dict[str, str]:
        prefix = "decide_"
        return {
            name.removeprefix(prefix): reason
            for name, reason in self.values.items()
            if name.startswith(prefix) and reason
        }


class ReleaseForm(ClinicalForm):
    """Let the patient go: as the gate allows, by an override of two, or because they are gone."""

    HOW = [("gate", "Released now"), ("override", "Override"), ("left", "Left already")]

    how = forms.ChoiceField(choices=HOW, widget=forms.HiddenInput, initial="gate")
    reason = reason_field("Why they leave before the gate is met")
    second_username = forms.CharField(
        label="Second person: user name",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    second_password = forms.CharField(
        label="Second person: password",
        max_length=200,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    left_at = MomentField(label="Left at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        how = self["how"].value()
        fields = {
            "gate": [],
            "override": ["reason", row("second_username", "second_password")],
            "left": [row("left_at"), "reason"],
        }.get(how, [])
        self.helper = layout("entry_id", "how", *fields)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        how = values.get("how")
        needed = {"override": ["reason", "second_username", "second_password"], "left": ["reason"]}
        for name in needed.get(how or "", []):
            if not values.get(name) and name not in self.errors:
                self.add_error(name, ValidationError("This is needed.", code="required"))
        return values

    def submission(self, purpose: str, subject: object) -> Submission:
        """Identify the post without the second person's password."""
        self.data = {n: self.data[n] for n in self.data if n != "second_password"}
        return super().submission(purpose, subject)
