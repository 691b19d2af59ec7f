from datetime import date, timedelta

from django import forms
from django.core.exceptions import ValidationError

from clinic.forms import CalendarDateField
from sessions.forms.courses import DoseField, WholeField
from sessions.planning import Calendar, Course
from sessions.plans import WEEKDAYS

DAYS = list(enumerate(name[:3] for name in WEEKDAYS))
MOST_CLOSED = 400


class SimulationForm(forms.Form):
    """A patient on paper, for the administrator who tries a protocol."""

    starts_on = CalendarDateField(label="Day 1")
    weekdays = forms.TypedMultipleChoiceField(
        coerce=int, required=False, choices=DAYS, widget=forms.CheckboxSelectMultiple
    )
    rhythm = forms.CharField(required=False, max_length=20, help_text="weekly, 2-weekly")
    weeks = WholeField(required=False, label="Weeks to plan")
    age = WholeField(required=False)
    weight_kg = DoseField(required=False, label="Weight (kg)")
    closed_weekdays = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        choices=DAYS,
        widget=forms.CheckboxSelectMultiple,
        initial=[5, 6],
    )
    closed = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Closed dates or spans, one a line: 2026-12-24..2027-01-01",
    )

    def clean_closed(self) -> frozenset[date]:
        days: set[date] = set()
        for text in self.cleaned_data["closed"].split():
            first, dots, last = text.partition("..")
            begin = _day(first)
            end = _day(last) if dots else begin
            if not timedelta(0) <= end - begin <= timedelta(days=MOST_CLOSED):
                raise ValidationError(f"“{text}” ends before it begins, or is longer than a year.")
            days |= {begin + timedelta(days=n) for n in range((end - begin).days + 1)}
        return frozenset(days)

    @property
    def course(self) -> Course:
        values = self.cleaned_data
        return Course(
            starts_on=values["starts_on"],
            weekdays=tuple(values["weekdays"]) or None,
            rhythm=values["rhythm"] or None,
            horizon_weeks=values["weeks"],
            age=values["age"],
            weight_kg=values["weight_kg"],
        )

    @property
    def calendar(self) -> Calendar:
        values = self.cleaned_data
        return Calendar(frozenset(values["closed_weekdays"]), values["closed"])


def _day(text: str) -> date:
    found = CalendarDateField().to_python(text)
    if found is None:
        raise ValidationError("Enter closed dates as 2026-12-24.")
    return found
