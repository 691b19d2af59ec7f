"""The patient's enrolment in REMS."""

from typing import Any

from django import forms

from clinic.forms import CalendarDateField, ClinicalForm
from clinic.models import User
from patients.forms.fields import LineField, ReasonField
from patients.services.enrolment import Enrolled


class EnrolForm(ClinicalForm):
    number = LineField(label="Enrolment number", max_length=40)
    patient_signed_on = CalendarDateField(label="Signed by the patient on")
    prescriber_signed_on = CalendarDateField(label="Signed by the prescriber on")
    enrolled_on = CalendarDateField(label="Enrolled on")

    def __init__(self, *args: Any, prescribers: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prescribers = {str(user.pk): user for user in prescribers}
        self.fields["prescriber"] = forms.ChoiceField(
            label="Which prescriber signed",
            choices=[(pk, str(user)) for pk, user in self.prescribers.items()],
            error_messages={"invalid_choice": "Choose a prescriber of this clinic."},
        )
        self.order_fields(["number", "patient_signed_on", "prescriber", "prescriber_signed_on"])

    @property
    def enrolled(self) -> Enrolled:
        who = self.prescribers[self.cleaned_data["prescriber"]]
        return Enrolled(**{**self.values, "prescriber": who})


class EndEnrolmentForm(ClinicalForm):
    ended_on = CalendarDateField(label="Ended on", help_text="The first day without it.")
    reason = ReasonField(
        label="Why it ends", max_length=240, error_messages={"required": "Say why it ends."}
    )
