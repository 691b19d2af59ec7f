"""Another medicine given in the visit."""

from typing import Any

from crispy_forms.bootstrap import AppendedText
from django import forms

from clinic.forms import ClinicalForm
from clinic.models import User
from clinic.roles import Role
from monitoring.medicines import CLASSES, EFFECTS, proposed
from monitoring.models import MedicationGiven
from monitoring.services.medicines import Given
from patients.forms.fields import LineField
from sessions.forms.fields import MomentField, PlainNumberField
from sessions.forms.sheet import REASON_LENGTH, More, layout, reason_field, row

DEFAULT = [("", "As this kind of medicine asks for")]
WHAT = ("drug", "drug_class", "dose", "route", "ordered_by", "why", "given_at")
CLOCK = ("effect", "minutes", "effect_reason")


class MedicineForm(ClinicalForm):
    drug = LineField(label="Medicine", max_length=120)
    drug_class = forms.ChoiceField(
        label="Kind",
        choices=[("", "Propose it from the name"), *((c, one.told) for c, one in CLASSES.items())],
        required=False,
    )
    dose = LineField(max_length=60)
    route = forms.ChoiceField(choices=[("", "Choose"), *MedicationGiven.Route.choices])
    given_at = MomentField(label="Given at")
    why = LineField(label="What for", max_length=REASON_LENGTH)
    effect = forms.ChoiceField(
        label="Effect on the clock", choices=[*DEFAULT, *EFFECTS.items()], required=False
    )
    minutes = PlainNumberField(
        label="Recheck after", low=1, high=24 * 60, unit="min", required=False
    )
    effect_reason = reason_field("Why less is enough, decided by a prescriber")

    def __init__(self, *args: Any, clinic_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        prescribers = User.objects.filter(
            is_active=True,
            memberships__clinic_id=clinic_id,
            memberships__role=Role.PRESCRIBER,
            memberships__is_active=True,
        )
        self.fields["ordered_by"] = forms.ModelChoiceField(
            prescribers.order_by("last_name", "first_name"),
            label="Ordered by",
            to_field_name="username",
            empty_label="Choose",
            error_messages={"invalid_choice": "Choose a prescriber of this clinic."},
        )
        self.helper = layout("entry_id", *self.rows())

    def rows(self) -> list[Any]:
        clock = More(
            "Another effect on the clock",
            row("effect", AppendedText("minutes", "min")),
            "effect_reason",
        )
        return [
            row("drug", "dose"),
            "drug_class",
            row("route", "given_at"),
            row("ordered_by", "why"),
            clock,
        ]

    def clean(self) -> dict[str, Any]:
        """Propose the kind from the name where none was chosen; a person saves it."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("drug_class") and "drug_class" not in self.errors:
            found = proposed(cleaned.get("drug", ""))
            text = "Choose what kind of medicine it is."
            if found:
                self.ask_again(drug_class=found.code)
                text = f"Proposed from the name: {found.told}. Check it, then save."
            self.add_error("drug_class", text)
        return cleaned

    @property
    def given(self) -> Given:
        return Given(**{name: self.cleaned_data[name] for name in (*WHAT, *CLOCK)})


class MedicineCorrectionForm(MedicineForm):
    reason = reason_field("Why it is corrected", required=True)
    entered_in_error = forms.BooleanField(
        label="Entered in error: it was not given at all", required=False
    )

    def __init__(self, *args: Any, wrong: MedicationGiven, **kwargs: Any) -> None:
        known = {name: getattr(wrong, name) for name in (*WHAT, *CLOCK) if name != "given_at"}
        known |= {"minutes": wrong.minutes or "", "ordered_by": wrong.ordered_by.username}
        kwargs["initial"] = known
        super().__init__(*args, **kwargs)
        self.fields["given_at"] = MomentField(label="Given at", original=wrong.given_at)

    def rows(self) -> list[Any]:
        return [*super().rows(), "reason", "entered_in_error"]
