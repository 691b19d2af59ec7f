"""The fields in which a second person confirms what somebody else records."""

from typing import Any

from crispy_forms.layout import Div
from django import forms

from clinic.forms import ClinicalForm
from clinic.second_person import Typed
from patients.forms.fields import LineField
from sessions.forms.sheet import row

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

    @property
    def has_second(self) -> bool:
        return bool(self.cleaned_data["second_username"] or self.cleaned_data["second_password"])

    def _sent(self) -> dict[str, Any]:
        """Identify the post without what the second person signs in with."""
        return {name: value for name, value in super()._sent().items() if name not in SECRETS}


def second_row() -> Div:
    return row("second_username", "second_password", "second_code")
