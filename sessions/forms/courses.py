"""What is decided about a running course: its dose, its rhythm, its end."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from clinic.forms import CalendarDateField, ClinicalForm, field_of
from clinic.numbers import plain
from patients.forms.base import EditForm
from patients.forms.fields import NumberField, ReasonField
from sessions.bodyweight import Basis, Weights, said
from sessions.dosing import DoseChoice, DosingError, Infusion, dose_mg, infusion
from sessions.forms.fields import NoticeField
from sessions.models import DoseOrder
from sessions.models.protocol import Route
from sessions.services.orders import OrderedDose

OTHER = "other"


class DoseField(NumberField):
    """A number with a decimal point: a comma could stand for thousands, so it is refused."""

    def clean(self, value: Any) -> Decimal | None:
        if "," in str(value or ""):
            raise ValidationError("Write decimals with a point: 81.5.", code="format")
        return super().clean(value)


class WholeField(DoseField):
    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if number is not None and number != number.to_integral_value():
            raise ValidationError("Enter a whole number.", code="format")
        return None if number is None else int(number)


class OrderForm(ClinicalForm):
    """One dose order. `shown_for` tells for which weight and concentration doses were shown."""

    option = forms.ChoiceField(
        widget=forms.RadioSelect,
        label="Dose of one session",
        error_messages={
            "required": "Choose a dose.",
            "invalid_choice": "Choose one of the doses below.",
        },
    )
    other_mg = DoseField(label="Another dose, mg in all", required=False)
    weight_basis = forms.ChoiceField(
        widget=forms.RadioSelect,
        label="Weight for the dose",
        error_messages={
            "required": "Choose the weight that the dose is for.",
            "invalid_choice": "Choose one of the weights below.",
        },
    )
    weight_kg = DoseField(label="Another weight, kg", required=False)
    concentration = DoseField(label="Concentration, mg/mL", required=False)
    other_mg_per_kg = DoseField(label="Another dose, mg/kg", required=False)
    minutes = WholeField(label="Over how many minutes", required=False)
    valid_from = CalendarDateField(label="Valid from")
    valid_until = CalendarDateField(label="Until, if it ends", required=False)
    reason = ReasonField(
        required=False,
        max_length=240,
        help_text="Needed for a dose that the protocol lacks, one beyond the usual range, and a "
        "weight that is not on the chart.",
    )
    standing = forms.CharField(required=False, max_length=36, widget=forms.HiddenInput)
    shown_for = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        route: str,
        choices: Sequence[DoseChoice],
        basis: str,
        weights: Weights | None = None,
        mg_per_kg: Decimal | None = None,
        refusal: str = "",
        refused_for: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.route, self.choices, self.basis, self.weights = route, choices, basis, weights
        self.refusal, self.refused_for = refusal, refused_for
        for name in self._of_other_routes():
            del self.fields[name]
        if "weight_basis" in self.fields:
            offered = weights.offered if weights else ()
            field_of(self, "weight_basis", forms.ChoiceField).choices = [
                *((basis.value, _weight_label(basis, kg, mg_per_kg)) for basis, kg in offered),
                (Basis.OTHER.value, "Another weight, with a reason"),
            ]
        labels = [(str(index), choice.label) for index, choice in enumerate(choices)]
        field_of(self, "option", forms.ChoiceField).choices = [
            *labels,
            (OTHER, "Another dose, with a reason"),
        ]

    def _of_other_routes(self) -> Sequence[str]:
        if self.route == Route.NASAL:
            return ("weight_basis", "weight_kg", "concentration", "other_mg_per_kg", "minutes")
        return ("other_mg",)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.route == Route.IV and "option" in self.errors:
            self._blame_the_numbers()
        if self.route == Route.IV:
            self._check_weight(values)
        if self.route == Route.IV and values.get("shown_for") != self.basis and not self.errors:
            raise ValidationError(
                "The doses below are for the weight and concentration that you typed. "
                "Check them, then order.",
                code="shown_for",
            )
        return values

    def _blame_the_numbers(self) -> None:
        """Say what is wrong with weight or concentration where no dose is offered for them."""
        if self.refusal:
            del self.errors["option"]
            name = "weight_kg" if self.refused_for == "weight" else "concentration"
            self.add_error(name, self.refusal)

    def _check_weight(self, values: dict[str, Any]) -> None:
        """Ask for the weight that was announced, and refuse one beside a weight of the chart."""
        basis, typed = values.get("weight_basis"), values.get("weight_kg")
        if not basis or "weight_kg" in self.errors:
            return
        if basis == Basis.OTHER and not typed:
            self.add_error("weight_kg", "Enter the weight that the dose is for.")
        if basis != Basis.OTHER and typed:
            self.add_error("weight_kg", "Choose “Another weight” above, or leave this empty.")

    def kilograms(self) -> Decimal | None:
        """Return the weight that was chosen or typed, if it can be read."""
        self.is_valid()
        values = getattr(self, "cleaned_data", {})
        if values.get("weight_basis") == Basis.OTHER:
            return values.get("weight_kg")
        basis = values.get("weight_basis")
        return self.weights.of(basis) if basis and self.weights else None

    def renew(self, standing: DoseOrder | None) -> None:
        """After somebody else's order: keep what was typed and allow another try."""
        key = str(standing.public_id) if standing else ""
        self.ask_again(standing=key)

    @property
    def ordered(self) -> OrderedDose:
        """Return what to order; raise ValidationError where a number is missing."""
        values = self.cleaned_data
        dates = {name: values[name] for name in ("valid_from", "valid_until", "reason")}
        if self.route == Route.NASAL:
            return OrderedDose(dose_mg=self._nasal_mg(), **dates)
        given = self._infusion()
        return OrderedDose(
            dose_mg=given.mg,
            mg_per_kg=given.mg_per_kg,
            weight_kg=given.weight_kg,
            weight_basis=values["weight_basis"],
            infusion_minutes=given.minutes,
            concentration_mg_ml=given.mg_per_ml,
            **dates,
        )

    def _nasal_mg(self) -> Decimal:
        values = self.cleaned_data
        if values["option"] != OTHER:
            return self.choices[int(values["option"])].mg or Decimal()
        if not values["other_mg"]:
            raise ValidationError({"other_mg": "Enter the dose in mg."})
        return values["other_mg"]

    def _infusion(self) -> Infusion:
        values, kilograms = self.cleaned_data, self.kilograms()
        if not kilograms:
            raise ValidationError({"weight_kg": "Enter the weight that the dose is for."})
        if not values["concentration"]:
            raise ValidationError({"concentration": "Enter the concentration of the bag."})
        if values["option"] != OTHER:
            found = self.choices[int(values["option"])].infusion
            if found is not None:
                return found
        if not values["other_mg_per_kg"] or not values["minutes"]:
            raise ValidationError({"other_mg_per_kg": "Enter mg/kg and the minutes."})
        try:
            return infusion(
                values["other_mg_per_kg"],
                kilograms,
                values["minutes"],
                values["concentration"],
            )
        except DosingError as error:
            raise ValidationError(error.message, code=error.code) from error


def _weight_label(basis: Basis, kg: Decimal, mg_per_kg: Decimal | None) -> str:
    """Say "Adjusted weight: 75.1 kg (165.6 lb), 0.5 mg/kg = 37.6 mg"."""
    dose = f", {plain(mg_per_kg)} mg/kg = {dose_mg(mg_per_kg, kg)} mg" if mg_per_kg else ""
    return f"{basis.label}: {said(kg)}{dose}"


class RhythmForm(EditForm):
    rhythm = forms.ChoiceField(label="Rhythm from the next treatment week on")
    notify = NoticeField(
        label="Tell the patient the new times by e-mail",
        help_text="Ticked if a mail told of a visit that may move.",
    )

    def __init__(self, *args: Any, rhythms: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field_of(self, "rhythm", forms.ChoiceField).choices = [
            (rhythm, rhythm) for rhythm in rhythms
        ]


class StopForm(EditForm):
    reason = ReasonField(label="Why the course stops", max_length=200)
