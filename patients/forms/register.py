"""Registering and editing a patient, and the e-mail contact."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS

from clinic.forms import CalendarDateField, ClinicalForm, LocalDateTimeField, field_of
from patients.forms.base import EditForm
from patients.forms.fields import (
    LanguageField,
    LineField,
    PhoneField,
    RecordNumberField,
    TextField,
    TimeZoneField,
)
from patients.models import EmailContact, Patient
from patients.services.contact import Contact
from patients.services.register import Person


class PersonFields(forms.Form):
    family_name = LineField(
        max_length=120,
        help_text="Someone with one name only: enter it here.",
        error_messages={"required": "Enter the family name, or the only name."},
    )
    given_name = LineField(label="Given names", max_length=120, required=False)
    other_names = LineField(max_length=240, required=False, help_text="Former or preferred names.")
    birth_date = CalendarDateField()
    sex = forms.ChoiceField(label="Administrative sex", choices=Patient.Sex.choices)
    phone = PhoneField(required=False)
    language = LanguageField()
    address = TextField(max_length=500, required=False, rows=2)


class RegisterForm(ClinicalForm, PersonFields):
    record_number = RecordNumberField(
        max_length=20, required=False, help_text="Leave it empty for the next free number."
    )
    is_another_person = forms.BooleanField(
        label="I have compared them: this is another person", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sex"].initial = Patient.Sex.UNKNOWN

    @property
    def person(self) -> Person:
        return Person(**{k: v for k, v in self.values.items() if k != "is_another_person"})

    @property
    def asks_for_another_person(self) -> bool:
        return self.has_error(NON_FIELD_ERRORS, "possible_duplicate")


class EditPersonForm(EditForm, PersonFields):
    record_number = RecordNumberField(max_length=20)
    deceased = forms.BooleanField(label="The patient has died", required=False)
    deceased_at = LocalDateTimeField(label="Died at", required=False, help_text="If it is known.")

    @classmethod
    def initial_of(cls, patient: Patient) -> dict[str, Any]:
        names = [name for name in cls.base_fields if hasattr(patient, name)]
        return {name: getattr(patient, name) for name in names}

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        kwargs["initial"] = self.initial_of(patient)
        super().__init__(*args, **kwargs)
        field_of(self, "language", LanguageField).also_offer(patient.language)

    @property
    def person(self) -> Person:
        return Person(**self.values)


class EmailContactForm(EditForm):
    address = forms.EmailField(
        label="E-mail address",
        max_length=254,
        error_messages={"invalid": "Enter an address such as name@example.org."},
    )
    time_zone = TimeZoneField(help_text="Where the patient lives: times in mails are in it.")
    language = LanguageField()
    verified = forms.BooleanField(
        label="The patient has confirmed that this address is right",
        required=False,
        help_text="Mails go to confirmed addresses only. A new address has to be confirmed anew.",
    )

    def __init__(
        self, *args: Any, patient: Patient, contact: EmailContact | None, **kwargs: Any
    ) -> None:
        kwargs["initial"] = self.initial_of(patient, contact)
        super().__init__(*args, **kwargs)
        language = field_of(self, "language", LanguageField)
        language.also_offer(kwargs["initial"]["language"])

    @staticmethod
    def initial_of(patient: Patient, contact: EmailContact | None) -> dict[str, Any]:
        return {
            "version": patient.version,
            "address": contact.address if contact else "",
            "time_zone": contact.time_zone if contact else patient.clinic.time_zone,
            "language": contact.language if contact else patient.language,
            "verified": bool(contact and contact.verified_at),
        }

    @property
    def contact(self) -> Contact:
        return Contact(**self.values)
