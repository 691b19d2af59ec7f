from typing import Any

from django import forms

from clinic.forms import CalendarDateField, field_of
from clinic.models import Chair, Clinic
from patients.forms.base import EditForm
from patients.forms.fields import ReasonField
from sessions.forms.fields import NoticeField
from sessions.forms.planning import WallTimeField


class MoveForm(EditForm):
    day = CalendarDateField(label="New day")
    wall_time = WallTimeField(label="Time")
    chair = forms.ModelChoiceField(
        Chair.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label="Any free chair",
    )
    reason = ReasonField(
        required=False,
        max_length=240,
        help_text="Needed outside the treatment week. Nearer than the minimum gap only a "
        "prescriber moves it, with a reason.",
    )
    notify = NoticeField(help_text="Ticked if a mail told the old time. A new chair is no news.")

    def __init__(
        self, *args: Any, clinic: Clinic, route: str, is_booked: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if not is_booked:
            del self.fields["notify"]
        chairs = Chair.objects.bookable_at(clinic).serving(route)
        field_of(self, "chair", forms.ModelChoiceField).queryset = chairs.select_related("room")
