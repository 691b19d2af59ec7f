from clinic.forms import ClinicalForm
from patients.forms.fields import LineField


class CloseTaskForm(ClinicalForm):
    note = LineField(
        label="What was done",
        max_length=240,
        error_messages={"required": "Say what was done."},
    )
