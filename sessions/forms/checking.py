"""Two people on one form: the second check of a dose, and its waste."""

from typing import Any

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import Field
from django import forms

from clinic.numbers import plain
from patients.forms.fields import LineField
from sessions.forms.fields import MomentField, PlainNumberField
from sessions.forms.second_person import SecondPersonForm, second_row
from sessions.forms.sheet import More, layout, reason_field, row
from sessions.models import DoseOrder, DoseWaste
from sessions.models.protocol import Route
from sessions.services.checks import Counted, Prepared
from sessions.services.wastes import Wasted


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


class WasteForm(SecondPersonForm):
    """What was opened and what was thrown away, with a witness where the clinic wants one."""

    lot = LineField(max_length=40, error_messages={"required": "Enter the lot."})
    vials = PlainNumberField(label="Vials opened", low=1, high=20)
    vial_mg = PlainNumberField(label="In each", places=2, high=2000, unit="mg")
    wasted_mg = PlainNumberField(label="Thrown away", places=2, high=2000, unit="mg")
    method = forms.ChoiceField(
        label="How",
        choices=DoseWaste.Method.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say what became of it."},
    )
    note = LineField(
        max_length=240, required=False, help_text="Needed for another way, and for a difference."
    )

    def __init__(
        self, *args: Any, witnessed: bool, wrong: DoseWaste | None = None, **kwargs: Any
    ) -> None:
        if wrong is not None:
            kwargs["initial"] = {
                "lot": wrong.lot,
                "vials": wrong.vials,
                "vial_mg": plain(wrong.vial_mg),
                "wasted_mg": plain(wrong.wasted_mg),
                "method": wrong.method,
                "note": wrong.note,
            }
        super().__init__(*args, **kwargs)
        original = wrong.wasted_at if wrong is not None else None
        self.fields["at"] = MomentField(label="Time", original=original)
        if not witnessed:
            self.fields["second_username"].required = False
            self.fields["second_password"].required = False
        corrected: tuple[str, ...] = ()
        if wrong is not None:
            self.fields["reason"] = reason_field("Why it is corrected", required=True)
            self.fields["entered_in_error"] = forms.BooleanField(
                label="Entered in error: nothing was thrown away", required=False
            )
            corrected = ("reason", "entered_in_error")
        who = second_row() if witnessed else More("A witness", second_row())
        self.helper = layout(
            "entry_id",
            row(
                "lot",
                "vials",
                AppendedText("vial_mg", "mg"),
            ),
            row(AppendedText("wasted_mg", "mg"), "at"),
            Field("method", template="sessions/_seg.html"),
            "note",
            *corrected,
            who,
        )

    @property
    def wasted(self) -> Wasted:
        names = ("lot", "vials", "vial_mg", "wasted_mg", "method", "note", "at")
        typed = self.cleaned_data
        return Wasted(**{name: typed[name] for name in names}, reason=typed.get("reason", ""))
