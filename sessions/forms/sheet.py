"""Forms of the session sheet that belong to the session itself: steps, doses, chair, signature."""

from decimal import Decimal
from typing import Any

from crispy_forms.bootstrap import AppendedText
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout, LayoutObject
from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from clinic.forms import CalendarDateField, ClinicalForm, VersionedForm
from clinic.models import Chair, Clinic
from clinic.numbers import plain
from patients.forms.fields import LineField, ReasonField, TextField
from sessions.dosing import MG_PER_DEVICE
from sessions.forms.fields import MomentField, NoticeField, PlainNumberField
from sessions.models import Dose, DoseCheck, DoseOrder, InfusionEvent
from sessions.services import drips, pumps

REASON_LENGTH = 240


def reason_field(label: str, *, required: bool = False, **kwargs: Any) -> ReasonField:
    kwargs.setdefault("error_messages", {"required": "Say why."})
    return ReasonField(label=label, max_length=REASON_LENGTH, required=required, **kwargs)


def layout(*rows: Any) -> FormHelper:
    """Lay fields out in rows; the template draws the form tag, the key and the button."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.form_show_errors = True
    helper.layout = Layout(*rows)
    return helper


def row(*fields: Any, css: str = "") -> Div:
    return Div(*fields, css_class=f"field-row mb-2 {css}")


class More(LayoutObject):
    """Fold away what is rarely needed; it opens by itself when something in it is wrong."""

    def __init__(self, summary: str, *fields: Any) -> None:
        self.summary = summary
        self.fields = list(fields)

    def render(self, form: forms.Form, context: Any, **kwargs: Any) -> SafeString:
        return self.around(form, self.get_rendered_fields(form, context, **kwargs))

    def around(self, form: forms.Form, fields: SafeString) -> SafeString:
        inside = {pointer.name for pointer in self.get_field_names()}
        return format_html(
            '<details class="more"{}><summary>{}</summary>{}</details>',
            mark_safe(" open") if inside & set(form.errors) else "",  # noqa: S308  our own
            self.summary,
            fields,
        )


class StepForm(VersionedForm):
    """Take one step; `needs_reason` and the time are asked where they matter."""

    at = MomentField(label="When")
    reason = reason_field("Reason")

    def __init__(self, *args: Any, needs_reason: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = needs_reason
        self.helper = layout("entry_id", "version", "at", "reason")


class CallOffForm(StepForm):
    """Cancel a visit that is still to come."""

    notify = NoticeField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "version", "at", "reason", "notify")


class PlainStepForm(VersionedForm):
    """Take one step now, by one button."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "version")


class DeviceForm(ClinicalForm):
    number = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    lot = LineField(max_length=40, error_messages={"required": "Enter the lot."})
    given_at = MomentField(label="Time")
    outcome = forms.ChoiceField(
        choices=Dose.Outcome.choices, initial=Dose.Outcome.COMPLETE, widget=forms.RadioSelect
    )
    estimated_mg = PlainNumberField(
        label="Received, if less", places=2, high=int(MG_PER_DEVICE), unit="mg", required=False
    )
    expires_on = CalendarDateField(label="Expiry", required=False)
    serial = LineField(max_length=60, required=False)
    reason = reason_field("Reason, where something is unusual")
    outside_gate = forms.BooleanField(
        label="Already given: record it outside the gate", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout(
            "entry_id",
            "number",
            row("lot", "given_at"),
            Field("outcome", template="sessions/_seg.html"),
            More(
                "Less received, expiry, serial, reason",
                row(AppendedText("estimated_mg", "mg"), "expires_on", "serial"),
                "reason",
                "outside_gate",
            ),
        )


class DeviceCorrectionForm(ClinicalForm):
    lot = LineField(max_length=40)
    outcome = forms.ChoiceField(choices=Dose.Outcome.choices, widget=forms.RadioSelect)
    estimated_mg = PlainNumberField(
        label="Received, if less", places=2, high=int(MG_PER_DEVICE), unit="mg", required=False
    )
    expires_on = CalendarDateField(label="Expiry", required=False)
    serial = LineField(max_length=60, required=False)
    reason = reason_field("Why it is corrected", required=True)
    entered_in_error = forms.BooleanField(
        label="Entered in error: it was not given at all", required=False
    )

    def __init__(self, *args: Any, dose: Dose, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "lot": dose.lot,
            "outcome": dose.outcome,
            "estimated_mg": dose.estimated_mg,
            "expires_on": dose.expires_on,
            "serial": dose.serial,
        }
        super().__init__(*args, **kwargs)
        self.fields["given_at"] = MomentField(label="Time", original=dose.given_at)
        self.helper = layout(
            "entry_id",
            row("lot", "given_at"),
            Field("outcome", template="sessions/_seg.html"),
            row(AppendedText("estimated_mg", "mg"), "expires_on", "serial"),
            "reason",
            "entered_in_error",
        )


class InfusionCorrectionForm(ClinicalForm):
    lot = LineField(max_length=40, error_messages={"required": "Enter the lot."})
    dose_mg = PlainNumberField(label="Dose", places=2, high=2000, unit="mg")
    concentration_mg_ml = PlainNumberField(label="Concentration", places=3, high=100, unit="mg/mL")
    reason = reason_field("Why it is corrected", required=True)
    entered_in_error = forms.BooleanField(
        label="Entered in error: it was not given at all", required=False
    )

    def __init__(self, *args: Any, dose: Dose, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "lot": dose.lot,
            "dose_mg": _typed(dose.dose_mg),
            "concentration_mg_ml": _typed(dose.concentration_mg_ml),
        }
        super().__init__(*args, **kwargs)
        self.fields["given_at"] = MomentField(label="Started", original=dose.given_at)
        self.helper = layout(
            "entry_id",
            row("lot", "given_at"),
            row(
                AppendedText("dose_mg", "mg"),
                AppendedText("concentration_mg_ml", "mg/mL"),
            ),
            "reason",
            "entered_in_error",
        )


class InfusionForm(ClinicalForm):
    dose_mg = PlainNumberField(label="Dose", places=2, high=2000, unit="mg")
    concentration_mg_ml = PlainNumberField(label="Concentration", places=3, high=100, unit="mg/mL")
    rate_ml_h = PlainNumberField(label="Rate", places=2, high=2000, unit="mL/h")
    lot = LineField(max_length=40, error_messages={"required": "Enter the lot."})
    at = MomentField(label="Started")
    reason = reason_field("Reason, where something is unusual")
    outside_gate = forms.BooleanField(
        label="Already started: record it outside the gate", required=False
    )

    def __init__(
        self,
        *args: Any,
        order: DoseOrder | None = None,
        check: DoseCheck | None = None,
        **kwargs: Any,
    ) -> None:
        if check is not None:
            kwargs["initial"] = {
                "dose_mg": _typed(check.dose_mg),
                "concentration_mg_ml": _typed(check.concentration_mg_ml),
                "rate_ml_h": _typed(check.rate_ml_h),
            }
        elif order is not None:
            kwargs["initial"] = {
                "dose_mg": _typed(order.dose_mg),
                "concentration_mg_ml": _typed(order.concentration_mg_ml),
                "rate_ml_h": _typed(pumps.ordered_rate(order)),
            }
        super().__init__(*args, **kwargs)
        self.helper = layout(
            "entry_id",
            row(
                AppendedText("dose_mg", "mg"),
                AppendedText("concentration_mg_ml", "mg/mL"),
                AppendedText("rate_ml_h", "mL/h"),
            ),
            row("lot", "at"),
            More("Reason", "reason", "outside_gate"),
        )


class InfusionChangeForm(ClinicalForm):
    at = MomentField(label="Time")
    rate_ml_h = PlainNumberField(label="New rate", places=2, high=2000, unit="mL/h", required=False)
    given_ml = PlainNumberField(
        label="Given in all", places=2, high=5000, unit="mL", required=False
    )
    reason = reason_field("Reason")
    outside_gate = forms.BooleanField(
        label="Resumed or sped up already: record it outside the gate", required=False
    )

    def __init__(self, *args: Any, last: InfusionEvent | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = drips.NEXT[last.kind] if last else ()
        words = {"stop": "Stop", "pause": "Pause", "rate": "New rate", "resume": "Resume"}
        choices = [(kind.value, words[kind]) for kind in kinds]
        self.fields["kind"] = forms.ChoiceField(
            label="What happened", choices=choices, widget=forms.RadioSelect
        )
        self.helper = layout(
            "entry_id",
            Field("kind", template="sessions/_seg.html"),
            row(AppendedText("given_ml", "mL"), AppendedText("rate_ml_h", "mL/h"), "at"),
            "reason",
            More("Happened already", "outside_gate"),
        )


class InfusionStepForm(ClinicalForm):
    """Correct a step; `seen` is how often it had been corrected when the page was opened."""

    rate_ml_h = PlainNumberField(label="Rate", places=2, high=2000, unit="mL/h")
    given_ml = PlainNumberField(label="Given in all", places=2, high=5000, unit="mL")
    reason = reason_field("Why it is corrected", required=True)

    def __init__(self, *args: Any, wrong: InfusionEvent, seen: int, **kwargs: Any) -> None:
        numbers = {"rate_ml_h": _typed(wrong.rate_ml_h), "given_ml": _typed(wrong.given_ml)}
        super().__init__(*args, initial={"seen": seen, **numbers}, **kwargs)
        self.fields["seen"] = forms.IntegerField(
            widget=forms.HiddenInput, min_value=0, max_value=seen
        )
        self.fields["at"] = MomentField(label="Time", original=wrong.at)
        units = {"rate_ml_h": "mL/h", "given_ml": "mL"}
        shown = [AppendedText(name, unit) for name, unit in units.items() if numbers[name]]
        for name in units:
            if not numbers[name]:
                del self.fields[name]
        self.helper = layout("entry_id", "seen", row("at", *shown), "reason")


class ChairForm(ClinicalForm):
    place = LineField(label="Or another place", max_length=60, required=False)
    reason = reason_field("Reason")

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chair"] = forms.ModelChoiceField(
            Chair.objects.bookable_at(clinic).select_related("room"),
            required=False,
            to_field_name="public_id",
            empty_label="Not in a chair",
            error_messages={"invalid_choice": "Choose a chair of this clinic."},
        )
        self.helper = layout("entry_id", row("chair", "place"), "reason")


class SignForm(VersionedForm):
    note = TextField(max_length=2000, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", "version", "note")


def _typed(value: Decimal | None) -> str:
    return "" if value is None else plain(value)
