from clinic.forms import CalendarDateField, ClinicalForm
from patients.forms.fields import ReasonField


class CloseTaskForm(ClinicalForm):
    note = ReasonField(
        label="What was done",
        max_length=240,
        error_messages={"required": "Say what was done."},
    )


class PostponeTaskForm(ClinicalForm):
    due_on = CalendarDateField(label="Due on", error_messages={"required": "Choose a day."})
    reason = ReasonField(
        label="Why it can wait",
        max_length=240,
        error_messages={"required": "Say why it can wait."},
    )


class DecideForm(ClinicalForm):
    """Accept what a patient asked for; after a missed visit with what was arranged."""

    reason = ReasonField(label="What was arranged", max_length=240, required=False)


class DeclineForm(ClinicalForm):
    reason = ReasonField(
        label="Why not, and how the patient knows",
        max_length=240,
        error_messages={"required": "Say why, and that the patient knows."},
    )
