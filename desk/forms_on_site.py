"""Forms of the register of prescribers on site."""

from typing import Any

from django import forms

from clinic.forms import ClinicalForm
from clinic.models import OnSite, User
from patients.forms.fields import LineField
from sessions.forms.fields import MomentField
from sessions.forms.sheet import layout, reason_field, row


class ArriveForm(ClinicalForm):
    since = MomentField(label="Since")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", row("since"))


class ConfirmForm(ClinicalForm):
    """Give a sign of life: one button."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id")


class LeaveForm(ClinicalForm):
    until = MomentField(label="Left at")
    reason = reason_field("Why nobody takes over")

    def __init__(self, *args: Any, asks_why: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_why:
            del self.fields["reason"]
        self.helper = layout("entry_id", row("until"), *(["reason"] if asks_why else []))


class HandOverForm(ClinicalForm):
    note = LineField(label="What they should know", max_length=240, required=False)

    def __init__(self, *args: Any, others: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.others = {str(user.pk): user for user in others}
        self.fields["to"] = forms.ChoiceField(
            label="Hand over to",
            choices=[(pk, str(user)) for pk, user in self.others.items()],
            error_messages={"invalid_choice": "Choose another prescriber of this clinic."},
        )
        self.helper = layout("entry_id", "to", "note")


class AnswerForm(ClinicalForm):
    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"] = forms.ChoiceField(choices=choices, label="Answer")
        self.fields["answer"].initial = choices[0][0]
        self.helper = layout("entry_id", "answer")


class CorrectStayForm(ClinicalForm):
    reason = reason_field("Why it is corrected", required=True)
    entered_in_error = forms.BooleanField(
        label="Entered in error: the person was not here", required=False
    )

    def __init__(self, *args: Any, stay: OnSite, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["since"] = MomentField(label="Since", original=stay.since)
        times = ["since"]
        if stay.until is not None:
            self.fields["until"] = MomentField(label="Until", original=stay.until)
            times.append("until")
        self.helper = layout("entry_id", row(*times), "reason", "entered_in_error")
