"""The way to the door: escort, assessment, release."""

from collections.abc import Collection
from typing import Any

from crispy_forms.layout import Field
from django import forms

from clinic.forms import ClinicalForm, field_of
from monitoring.discharge import Gate
from monitoring.models import Escort, WayHomeNote
from monitoring.models.discharge import Instructions
from monitoring.services.way_home import Leaving
from patients.forms.fields import LineField, ReasonField
from sessions.forms.fields import MomentField
from sessions.forms.second_person import SecondPersonForm, second_row
from sessions.forms.sheet import More, layout, reason_field, row


class EscortForm(ClinicalForm):
    kind = forms.ChoiceField(widget=forms.RadioSelect)
    name = LineField(label="Name of the person or service", max_length=120)
    phone = LineField(max_length=40, required=False)

    def __init__(self, *args: Any, accepted: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [choice for choice in Escort.Kind.choices if choice[0] in accepted]
        field_of(self, "kind", forms.ChoiceField).choices = kinds
        seg = Field("kind", template="sessions/_seg.html")
        self.helper = layout("entry_id", seg, row("name", "phone"))


class WayHomeForm(ClinicalForm):
    """What happened on the way home."""

    kind = forms.ChoiceField(
        label="What happened",
        choices=WayHomeNote.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what happened."},
    )
    note = ReasonField(
        label="In words",
        max_length=240,
        help_text="Who was called, what was said, what was agreed.",
        error_messages={"required": "Say it in words: who was called, what was agreed."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seg = Field("kind", template="sessions/_seg.html")
        self.helper = layout("entry_id", seg, "note")


class WaitForm(ClinicalForm):
    """Wait for the ride outside the chair: one button."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id")


class AssessForm(ClinicalForm):
    """A clinician's judgement, with a reason for each condition that may be decided."""

    ready = forms.ChoiceField(
        label="Judgement",
        choices=[("yes", "Ready to leave"), ("no", "Not ready yet")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether the patient is ready to leave."},
    )
    note = LineField(max_length=500, required=False)

    def __init__(self, *args: Any, gate: Gate, prescriber: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = []
        for condition in gate.conditions:
            if not condition.decidable or (condition.needs_prescriber and not prescriber):
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


NAMED, OTHER, ALONE = "named", "other", "alone"


class ReleaseForm(ClinicalForm):
    """Let the patient go as the gate allows: to whom, and with which instructions."""

    collected = forms.ChoiceField(
        label="At the door",
        widget=forms.RadioSelect,
        error_messages={"required": "Say who takes the patient home."},
    )
    collected_kind = forms.ChoiceField(
        label="Somebody else: how",
        choices=[("", "Choose"), *Escort.Kind.choices],
        required=False,
    )
    collected_by = LineField(label="Somebody else: name", max_length=120, required=False)
    instructions = forms.ChoiceField(
        label="Instructions for the way home",
        choices=Instructions.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say how the patient got the instructions."},
    )

    def __init__(
        self, *args: Any, escort: Escort | None, may_go_alone: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.escort = escort
        named = [(NAMED, f"{escort.name} ({escort.get_kind_display().lower()})")] if escort else []
        alone = [(ALONE, "Nobody: leaves alone")] if may_go_alone else []
        people = [*named, (OTHER, "Somebody else"), *alone]
        field_of(self, "collected", forms.ChoiceField).choices = people
        self.helper = layout(
            "entry_id",
            Field("collected", template="sessions/_seg.html"),
            More("Somebody else at the door", row("collected_kind", "collected_by")),
            Field("instructions", template="sessions/_seg.html"),
        )

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("collected") == OTHER:
            if not typed.get("collected_kind"):
                self.add_error("collected_kind", "Choose how they go home.")
            if not typed.get("collected_by"):
                self.add_error("collected_by", "Name who stands at the door.")
        return typed

    @property
    def leaving(self) -> Leaving:
        typed = self.cleaned_data
        kind, name = "", ""
        if typed["collected"] == OTHER:
            kind, name = typed["collected_kind"], typed["collected_by"]
        elif typed["collected"] == NAMED and self.escort:
            kind, name = self.escort.kind, self.escort.name
        return Leaving(kind, name, typed["instructions"])


class OverrideForm(SecondPersonForm):
    """Let the patient go before the gate is met, with a second person's name and password.

    `shown` carries the codes of the conditions that the form named, `rows` what was on record.
    """

    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=400)
    rows = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    reason = reason_field("Why they leave before the gate is met", required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "shown", "rows", "reason", second_row())


class DepartureForm(ClinicalForm):
    """Record that the patient is gone already."""

    left_at = MomentField(label="Left at")
    reason = reason_field("Why they left without being released", required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", row("left_at"), "reason")
