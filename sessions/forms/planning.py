"""Choosing the dates of a course: a form in the address, so that a preview can be reloaded."""

import re
from datetime import date, time
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from clinic.forms import CalendarDateField, ClinicalForm, field_of
from clinic.models import Chair
from patients.models import Patient
from sessions.models import Protocol
from sessions.plans import WEEKDAYS
from sessions.services.drafts import Choice, DraftRow, Pin

PIN = re.compile(r"([0-9]{1,3})@([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-2][0-9]:[0-5][0-9])")
MOST_PINS = 100
FIRST_YEAR, LAST_YEAR = 1900, 2200  # as in every date that is typed


class WallTimeField(forms.TimeField):
    """A time of day in the clinic's zone."""

    widget = forms.TimeInput(attrs={"type": "time", "step": 300}, format="%H:%M")
    input_formats = ["%H:%M", "%H:%M:%S"]
    default_error_messages = {"invalid": "Enter a time as hours and minutes, such as 10:00."}

    def to_python(self, value: Any) -> time | None:
        if isinstance(value, str) and not value.isascii():
            raise ValidationError(self.error_messages["invalid"], "invalid")
        found = super().to_python(value)
        return found.replace(second=0, microsecond=0) if found else None


class ProtocolField(forms.ModelChoiceField):
    """Names each protocol so that a clinic's own is told from the one that ships."""

    def label_from_instance(self, obj: Protocol) -> str:
        own = ", this clinic's" if obj.clinic_id else ""
        return f"{obj.title} (version {obj.version}{own})"


class PlanForm(forms.Form):
    """What a course depends on. The service plans; this form only turns text into values."""

    protocol = ProtocolField(
        Protocol.objects.none(),
        to_field_name="public_id",
        empty_label="Choose a protocol",
        error_messages={"required": "Choose a protocol."},
    )
    starts_on = CalendarDateField(label="Day 1", help_text="The day of the first dose.")
    weekdays = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        choices=list(enumerate(name[:3] for name in WEEKDAYS)),
        widget=forms.CheckboxSelectMultiple,
        label="Preferred weekdays",
        help_text="Day 1 is one of them. None: the protocol's own pattern, counted from day 1.",
    )
    time_of_day = WallTimeField(label="Time")
    chair = forms.ModelChoiceField(
        Chair.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label="Any free chair",
        error_messages={"invalid_choice": "Choose a chair of a room for this treatment."},
        help_text="Where it is taken, another one is shown before anything is booked.",
    )
    rhythm = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patient = patient
        keys = [protocol.pk for protocol in Protocol.objects.offered_at(patient.clinic)]
        offered = Protocol.objects.filter(pk__in=keys).order_by("title")
        field_of(self, "protocol", forms.ModelChoiceField).queryset = offered
        chairs = Chair.objects.bookable_at(patient.clinic).select_related("room")
        protocol = self._protocol()
        chair = field_of(self, "chair", forms.ModelChoiceField)
        chair.queryset = chairs.serving(protocol.route) if protocol else chairs
        self._offer_rhythms()

    def _offer_rhythms(self) -> None:
        """Ask for a rhythm only where the chosen protocol leaves it open."""
        rhythms = self.rhythms
        if not rhythms:
            del self.fields["rhythm"]
            return
        field_of(self, "rhythm", forms.ChoiceField).choices = [
            (rhythm, rhythm) for rhythm in rhythms
        ]

    @property
    def rhythms(self) -> list[str]:
        protocol = self._protocol()
        phases = protocol.phases.all() if protocol else []
        return next((phase.rhythm_choices for phase in phases if phase.rhythm_choices), [])

    def _protocol(self) -> Protocol | None:
        try:
            return self.fields["protocol"].clean(self["protocol"].value())
        except ValidationError:
            return None

    @property
    def pins(self) -> dict[int, Pin]:
        """Return the days and times chosen by hand; what can't be read is no choice."""
        read = (read_pin(text) for text in self._typed("at")[:MOST_PINS])
        return dict(pin for pin in read if pin is not None)

    def _typed(self, name: str) -> list[str]:
        return self.data.getlist(name) if isinstance(self.data, QueryDict) else []

    @property
    def is_chosen(self) -> bool:
        """Whether everything that dates depend on is there and valid."""
        return self.is_valid() or not set(self.errors) & set(PlanForm.base_fields)

    @property
    def choice(self) -> Choice:
        values = self.cleaned_data
        return Choice(
            patient=self.patient,
            protocol=values["protocol"],
            starts_on=values["starts_on"],
            weekdays=tuple(values["weekdays"]),
            time_of_day=values["time_of_day"],
            chair=values["chair"],
            rhythm=values.get("rhythm", ""),
            pins=self.pins,
        )

    @property
    def query(self) -> list[tuple[str, str]]:
        """Return what was chosen as pairs, for an address or for hidden fields."""
        chosen = [
            (name, text)
            for name in PlanForm.base_fields
            if name in self.fields
            for text in self._typed(name)
            if text
        ]
        return chosen + [("at", write_pin(number, pin)) for number, pin in self.pins.items()]

    def with_pin(self, row: DraftRow, pin: Pin) -> str:
        """Return the query in which one session has another day or time."""
        number = row.planned.number
        return f"{self.without_pin(number)}&{urlencode([('at', write_pin(number, pin))])}"

    def without_pin(self, number: int) -> str:
        others = (
            (name, text)
            for name, text in self.query
            if name != "at" or not text.startswith(f"{number}@")
        )
        return urlencode(list(others))


class BookForm(PlanForm, ClinicalForm):
    """The same choice, posted to be booked, with what was shown."""

    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    accept_unplaced = forms.BooleanField(
        required=False, label="I will find dates for the sessions that have none"
    )


def read_pin(text: str) -> tuple[int, Pin] | None:
    found = PIN.fullmatch(text)
    if found is None:
        return None
    try:
        pin = Pin(date.fromisoformat(found[2]), time.fromisoformat(found[3]))
    except ValueError:
        return None
    return (int(found[1]), pin) if FIRST_YEAR <= pin.day.year <= LAST_YEAR else None


def write_pin(number: int, pin: Pin) -> str:
    return f"{number}@{pin.day.isoformat()}T{pin.at:%H:%M}"
