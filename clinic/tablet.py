"""The tablet in the patient's hands: one page is open, and whoever is signed in stays locked out.

The lock lies in the session, which each request has loaded anyway. It begins and ends with a new
session key: a request still under way can't save the session as it was before, and browsers drop
what they kept of earlier pages when this cookie changes.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib import messages
from django.contrib.auth.signals import user_logged_out
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from clinic import audit
from clinic.access import staff
from clinic.audit import acting
from clinic.models import User

KEY = "handed_over"
ALWAYS_OPEN = ("give_back", "account_logout", "healthz", "readyz")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """The address that is open, and where staff go on; what the patient is thanked for."""

    clinic_id: int
    patient_id: int
    page: str  # empty when the patient is done with it
    back: str
    thanks: str = ""

    def is_open(self, path: str) -> bool:
        return path == self.page or path in map(reverse, ALWAYS_OPEN)


def handed_over(request: HttpRequest) -> HandOver | None:
    """Return the lock of this session; one that can't be read is an error, never no lock."""
    return HandOver(**request.session[KEY]) if KEY in request.session else None


def hand_over(request: HttpRequest, patient: Any, *, page: str, back: str) -> None:
    """Show nothing but `page` from the next request on, until the password is typed."""
    lock = HandOver(clinic_id=patient.clinic_id, patient_id=patient.pk, page=page, back=back)
    with acting(staff(request)):
        audit.record("tablet.handed_over", subject=lock, page=page)
    list(messages.get_messages(request))  # read: what was still to be told is for staff
    request.session[KEY] = asdict(lock)
    request.session.cycle_key()


def finish(request: HttpRequest, thanks: str, *, back: str = "") -> None:
    """Close the patient's page, too; the lock stays."""
    lock = handed_over(request)
    if lock is not None:
        lock = replace(lock, page="", thanks=thanks, back=back or lock.back)
        request.session[KEY] = asdict(lock)


def take_back(request: HttpRequest, lock: HandOver) -> str:
    """End the lock and return where staff go on."""
    _record_end(lock, staff(request), "password")
    del request.session[KEY]
    request.session.cycle_key()
    return lock.back


@receiver(user_logged_out)
def _ends_with_the_session(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    lock = handed_over(request)
    if lock is not None and user is not None:
        _record_end(lock, user, "signed out")


def _record_end(lock: HandOver, by: User, how: str) -> None:
    with acting(by):
        audit.record("tablet.given_back", subject=lock, by=how, said=lock.thanks)


class TakeBackForm(forms.Form):
    """The password of whoever is signed in; failures count as those of the sign-in do."""

    password = forms.CharField(strip=False, error_messages={"required": "Type your password."})

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        user = staff(self.request)
        found = get_adapter().authenticate(self.request, username=user.username, password=password)
        if found is None or found.pk != user.pk:
            raise ValidationError("This is not the right password.", code="incorrect_password")
        return password
