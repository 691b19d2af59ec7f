"""The serotonin check at the bedside: one row of big buttons for each sign."""

from typing import Any

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import Field
from django import forms

from clinic.forms import ClinicalForm
from monitoring import reviewed, serotonin
from monitoring.forms.events import CHECKS, checks
from monitoring.forms.vitals import MeasureField
from monitoring.hunter import EXPOSED, SIGNS, Exam
from monitoring.models import SerotoninCheck
from patients.forms.fields import LineField
from sessions.forms.fields import MomentField
from sessions.forms.sheet import More, layout, reason_field

FINDING = [("yes", "Present"), ("no", "Absent"), ("", "Not examined")]
EXPOSURE = [("yes", "Yes"), ("no", "No"), ("", "Not known")]
KNOWN = {"yes": True, "no": False, "": None}


class ExamForm(ClinicalForm):
    note = LineField(max_length=500, required=False)
    temperature = MeasureField("temperature")

    def __init__(self, *args: Any, exposure: str = "", **kwargs: Any) -> None:
        """`exposure` proposes an answer in words; nobody but the person gives it."""
        super().__init__(*args, **kwargs)
        how = exposure or "SSRI, SNRI, MAOI, lithium, tramadol, …"
        self.fields[EXPOSED] = _buttons("Takes a serotonergic medicine", EXPOSURE, how)
        for row in reviewed.topic("serotonin")["signs"]:
            self.fields[row.code] = _buttons(row.words, FINDING, row.more["how"])
        asked = [(row.code, row.words) for row in serotonin.asked_rows()]
        self.fields["further_signs"] = checks("Also seen: how severe is it?", asked)
        self.helper = layout("entry_id", *self.rows)

    @property
    def rows(self) -> list[Any]:
        signs = [Field(name, template="sessions/_seg.html") for name in (EXPOSED, *SIGNS)]
        temperature = AppendedText("temperature", "°C")
        return [*signs, temperature, Field("further_signs", template=CHECKS)]

    @property
    def exam(self) -> Exam:
        signs = {name: KNOWN[self.cleaned_data[name]] for name in (EXPOSED, *SIGNS)}
        return Exam(temperature=self.cleaned_data["temperature"], **signs)


class SerotoninForm(ExamForm):
    observed_at = MomentField(label="Time")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout("entry_id", *self.rows, More("Time, note", "observed_at", "note"))


class CorrectedSerotoninForm(ExamForm):
    reason = reason_field("Why it is corrected", required=True)
    entered_in_error = forms.BooleanField(
        label="Entered in error: none of it counts", required=False
    )

    def __init__(self, *args: Any, wrong: SerotoninCheck, **kwargs: Any) -> None:
        typed = {True: "yes", False: "no", None: ""}
        shown = {name: typed[getattr(wrong, name)] for name in (EXPOSED, *SIGNS)}
        rest = {name: getattr(wrong, name) for name in ("temperature", "further_signs", "note")}
        super().__init__(*args, initial={**shown, **rest}, **kwargs)
        self.helper = layout("entry_id", *self.rows, "note", "reason", "entered_in_error")


def _buttons(label: str, choices: list[tuple[str, str]], how: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, help_text=how, required=False, widget=forms.RadioSelect
    )
