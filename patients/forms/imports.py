"""Choosing FHIR files and confirming their preview."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from clinic.forms import ClinicalForm

MOST_FILES = 50


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Several files; an empty one is left to the reader, which says so in its own words."""

    widget = ManyFilesInput(attrs={"accept": ".json,application/json,application/fhir+json"})

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files: Sequence[UploadedFile] = [each for each in data or [] if each]
        if not files:
            raise ValidationError("Choose one or more FHIR files.", code="required")
        if len(files) > MOST_FILES:
            raise ValidationError(f"Choose {MOST_FILES} files at most.", code="too_many")
        return list(files)


class UploadForm(forms.Form):
    bundles = ManyFilesField(
        label="FHIR R4 bundles",
        help_text="JSON files, 10 MB each at most, 30 MB together. "
        "Nothing is saved before you have seen what is in them.",
    )


class ConfirmImportForm(ClinicalForm):
    """Which of the kept files the preview offered; what is saved is read from them again."""

    offered = forms.RegexField(
        r"\A[0-9]{1,3}(,[0-9]{1,3})*\Z",
        widget=forms.HiddenInput,
        error_messages={"required": "None of these files can be imported."},
    )

    @property
    def positions(self) -> list[int]:
        typed = self.cleaned_data["offered"].split(",")
        return list(dict.fromkeys(int(each) for each in typed))
