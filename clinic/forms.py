"""What every clinical form shares: an entry key, a version, the service's refusal in words."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from clinic import whose
from clinic.entries import (
    AlreadyRecordedError,
    EntryConflictError,
    Submission,
    submission,
    was_saved,
)
from clinic.locks import StaleVersionError
from clinic.models import User
from clinic.times import YEARS
from clinic.widgets import PlainInputs

# Not part of what was typed: a new token or key doesn't make it another submission.
UNTYPED_FIELDS = {"csrfmiddlewaretoken", "entry_id", whose.FIELD}

F = TypeVar("F", bound=forms.Field)


def field_of(form: forms.BaseForm, name: str, kind: type[F]) -> F:
    """Return this form's own copy of a field, as the kind that it was declared with."""
    field = form.fields[name]
    if not isinstance(field, kind):
        raise TypeError(f"{name} is a {type(field).__name__}")
    return field


class ClinicalForm(forms.Form):
    """A form whose repeated submission takes effect once."""

    default_renderer = PlainInputs()
    entry_id = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={"required": "Reload the page: this form has lost its key."},
    )
    conflict = False  # set when someone else changed the row; the page answers 409
    result_url = ""  # where the first submission of a repeated one ended

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entry_id"].initial = uuid.uuid4

    def submission(self, purpose: str, subject: object) -> Submission:
        """Identify this post for `audit.acting`; call it after `is_valid()`."""
        return submission(self.cleaned_data["entry_id"], purpose, subject, self._sent())

    def _sent(self) -> dict[str, Any]:
        return {
            name: self.data.getlist(name) if hasattr(self.data, "getlist") else self.data[name]
            for name in self.data
            if name not in UNTYPED_FIELDS
        }

    def is_for(self, request: HttpRequest, patient_pk: int) -> bool:
        """Whether the post is valid, and meant for the patient whose row it would change."""
        if not self.is_valid():
            return False
        with errors_on(self):
            whose.check(request, patient_pk)
        return not self.errors

    def was_saved(self, by: User) -> bool:
        """Whether a post that is no longer valid was saved before: its choices have moved on."""
        key = getattr(self, "cleaned_data", {}).get("entry_id")
        return key is not None and was_saved(key, by, self._sent())

    def ask_again(self, **changes: Any) -> None:
        """After a refusal: keep what was typed, and allow another try under a new key."""
        typed = {name: self.data[name] for name in self.data}
        self.data = {**typed, **changes, "entry_id": str(uuid.uuid4())}

    @property
    def values(self) -> dict[str, Any]:
        """The cleaned values without the form's own fields: what the service takes."""
        return {k: v for k, v in self.cleaned_data.items() if k not in {"entry_id", "version"}}

    @property
    def status_code(self) -> int:
        return 409 if self.conflict else 200


class VersionedForm(ClinicalForm):
    """A form that edits a row: a page opened before somebody else's save is refused."""

    version = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=1,
        error_messages={"required": "Reload the page: this form has lost its version."},
    )


@contextmanager
def errors_on(form: ClinicalForm) -> Iterator[None]:
    """Show what the service refuses on the form; a repeated submission counts as done."""
    try:
        yield
    except AlreadyRecordedError as repeated:
        form.result_url = repeated.url
    except ValidationError as error:
        form.conflict = isinstance(error, StaleVersionError | EntryConflictError)
        _add(form, error)


def _add(form: forms.Form, error: ValidationError) -> None:
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for field, errors in error.error_dict.items():
        form.add_error(field if field in form.fields else None, errors)


def _check_plain(value: Any, field: forms.Field) -> None:
    """Refuse digits of other scripts, which Python would read as plain ones."""
    if isinstance(value, str) and not value.isascii():
        raise ValidationError(field.error_messages["invalid"], "invalid")


class LocalDateTimeField(forms.DateTimeField):
    """A moment in the current zone, typed with the browser's own control."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    input_formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
    default_error_messages = {
        "invalid": "Enter a date and time, such as 2026-11-21 14:05.",
        "out_of_range": "Enter a year between 1900 and 2200.",
    }

    def to_python(self, value: Any) -> Any:
        _check_plain(value, self)
        try:
            moment = super().to_python(value)
        except (OverflowError, ValueError) as error:
            raise ValidationError(self.error_messages["out_of_range"], "out_of_range") from error
        if moment is not None and not 1900 <= moment.year <= 2200:
            raise ValidationError(self.error_messages["out_of_range"], "out_of_range")
        return moment

    def prepare_value(self, value: Any) -> Any:
        if hasattr(value, "tzinfo") and value.tzinfo is not None:
            value = timezone.localtime(value)
        return value


class CalendarDateField(forms.DateField):
    """A day, typed with the browser's own control, within living memory."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    input_formats = ["%Y-%m-%d"]
    default_error_messages = {
        "invalid": "Enter a date as year-month-day with the year in four digits, such as "
        "1985-03-07.",
        "out_of_range": "Enter a year between 1900 and 2200.",
    }

    def to_python(self, value: Any) -> Any:
        _check_plain(value, self)
        day = super().to_python(value)
        if day is not None and day.year not in YEARS:
            raise ValidationError(self.error_messages["out_of_range"], "out_of_range")
        return day
