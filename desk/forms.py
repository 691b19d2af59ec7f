from django import forms

from clinic.forms import ClinicalForm


class CloseTaskForm(ClinicalForm):
    note = forms.CharField(
        label="What was done",
        max_length=240,
        error_messages={"required": "Say what was done."},
    )
