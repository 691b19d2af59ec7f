"""Two people on one form: the second check of a dose, and its waste."""

from typing import Any

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import Div
from django import forms

from clinic.forms import ClinicalForm
from clinic.numbers import plain
from clinic.second_person import Typed
from patients.forms.fields import LineField
from sessions.forms.fields import PlainNumberField
from sessions.forms.sheet import layout, row
from sessions.models import DoseOrder
from sessions.models.protocol import Route
from sessions.services.checks import Counted, Prepared

SECRETS = {"second_password", "second_code"}


class SecondPersonForm(ClinicalForm):
    """A form that a second person confirms with their own name and password."""

    second_username = LineField(
        label="Second person: user name",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "The second person enters their user name."},
    )
    second_password = forms.CharField(
        label="Second person: password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "The second person enters their password."},
    )
    second_code = LineField(
        label="Second person: code",
        max_length=40,
        required=False,
        help_text="From their authenticator, if they sign in with one.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    @property
    def second(self) -> Typed:
        """Return what the second person signs in with."""
        typed = self.cleaned_data
        return Typed(typed["second_username"], typed["second_password"], typed["second_code"])

    def _sent(self) -> dict[str, Any]:
        """Identify the post without what the second person signs in with."""
        return {name: value for name, value in super()._sent().items() if name not in SECRETS}


def second_row() -> Div:
    return row("second_username", "second_password", "second_code")


class DoseCheckForm(SecondPersonForm):
    """What was prepared, and what the second person works out from it alone."""

    dose_mg = PlainNumberField(label="Prepared dose", places=2, high=2000, unit="mg")
    concentration_mg_ml = PlainNumberField(label="Concentration", places=3, high=100, unit="mg/mL")
    volume_ml = PlainNumberField(label="Volume of this dose", places=2, high=5000, unit="mL")
    rate_ml_h = PlainNumberField(label="Pump rate", places=2, high=2000, unit="mL/h")
    devices = PlainNumberField(label="Devices of this dose", high=9)
    compared = forms.BooleanField(
        label="Patient, medicine, order, label and pump were compared by the second person",
        error_messages={"required": "The second person compares before confirming."},
    )

    def __init__(self, *args: Any, order: DoseOrder | None, route: str, **kwargs: Any) -> None:
        if order is not None:
            per_ml = order.concentration_mg_ml
            kwargs["initial"] = {
                "dose_mg": plain(order.dose_mg),
                "concentration_mg_ml": plain(per_ml) if per_ml else "",
            }
        super().__init__(*args, **kwargs)
        drip = ("concentration_mg_ml", "volume_ml", "rate_ml_h")
        for name in ("devices",) if route == Route.IV else drip:
            del self.fields[name]
        asked = (
            (
                row(
                    AppendedText("dose_mg", "mg"),
                    AppendedText("concentration_mg_ml", "mg/mL"),
                ),
                row(AppendedText("volume_ml", "mL"), AppendedText("rate_ml_h", "mL/h")),
            )
            if route == Route.IV
            else (row(AppendedText("dose_mg", "mg"), "devices"),)
        )
        self.helper = layout("entry_id", *asked, "compared", second_row())

    @property
    def prepared(self) -> Prepared:
        typed = self.cleaned_data
        return Prepared(typed["dose_mg"], typed.get("concentration_mg_ml"))

    @property
    def counted(self) -> Counted:
        typed = self.cleaned_data
        return Counted(typed.get("volume_ml"), typed.get("rate_ml_h"), typed.get("devices"))
