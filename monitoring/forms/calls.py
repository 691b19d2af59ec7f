"""Critical values acknowledged, and who watches a patient."""

from typing import Any

from django import forms

from clinic.forms import ClinicalForm
from clinic.models import User
from patients.forms.fields import LineField
from sessions.forms.fields import MomentField
from sessions.forms.sheet import layout, reason_field, row


class CriticalForm(ClinicalForm):
    """`shown` carries a digest of the values that the form named."""

    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    action = reason_field(
        "What was done", required=True, error_messages={"required": "Say what was done."}
    )

    def __init__(self, *args: Any, prescriber: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "shown", "action")
        if not prescriber:
            name = LineField(label="Prescriber informed: name", max_length=120, required=False)
            self.fields["informed_name"] = name
            self.fields["informed_at"] = MomentField(label="Informed at")
            self.helper.layout.append(row("informed_name", "informed_at"))


class TakeOverForm(ClinicalForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id")


class OfferForm(ClinicalForm):
    def __init__(self, *args: Any, colleagues: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.colleagues = {str(user.pk): user for user in colleagues}
        self.fields["to"] = forms.ChoiceField(
            label="Hand over to",
            choices=[(pk, str(user)) for pk, user in self.colleagues.items()],
            widget=forms.RadioSelect,
            error_messages={"required": "Choose a colleague."},
        )
        self.helper = layout("entry_id", "to")

    @property
    def colleague(self) -> User:
        return self.colleagues[self.cleaned_data["to"]]
