"""A second person types their own name and password, and the code where they have a second factor.

Failures are counted over all purposes and are on record; a refusal never says what was wrong.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest

from clinic import audit
from clinic.audit import acting
from clinic.models import AuditEvent, User
from clinic.models.trail import ClockTimestamp

MOST_FAILURES = 5
FAILURES_COUNT_FOR = timedelta(minutes=15)
REFUSED = ".witness_refused"  # how the events of all purposes end


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a second person is asked for: its name, the permission, the words of refusal.

    `one_holds` names a permission that one of the two needs, `lacking` says that nobody has it.
    """

    name: str
    permission: str
    unknown: str
    one_holds: str = ""
    lacking: str = ""

    @property
    def event(self) -> str:
        return f"{self.name}{REFUSED}"


@dataclass(frozen=True, slots=True)
class Typed:
    """What the second person signs in with; the code is from their authenticator, if any."""

    username: str
    password: str
    code: str = ""


def confirm(
    request: HttpRequest,
    subject: Any,
    purpose: Purpose,
    typed: Typed,
    *,
    by: User,
    other_than: Collection[int] = (),
) -> User:
    """Return the second person, who is neither `by` nor one of `other_than`, by key.

    A refusal is on record before it is shown. `subject` is a row of the clinic that decides.
    """
    if _failures(subject.clinic_id, by, typed.username) >= MOST_FAILURES:
        raise ValidationError(
            {"second_username": "Too many attempts. Wait 15 minutes, or ask another colleague."},
            code="too_many",
        )
    named = User.objects.filter(username=typed.username).first()
    if named and may_be(named, by, purpose, subject.clinic_id, other_than):
        check_one_holds(purpose, (by, named), subject.clinic_id)
    found = authenticate(request, username=typed.username, password=typed.password)
    if (
        isinstance(found, User)
        and may_be(found, by, purpose, subject.clinic_id, other_than)
        and _has_second_factor(found, typed.code)
    ):
        return found
    with acting(by):
        audit.record(purpose.event, subject=subject, username=typed.username)
    raise ValidationError({"second_username": purpose.unknown}, code="second_person")


def check_one_holds(purpose: Purpose, people: Collection[User], clinic_id: int) -> None:
    wanted = purpose.one_holds
    if wanted and not any(person.may(wanted, clinic_id) for person in people):
        raise ValidationError({"second_username": purpose.lacking}, code="second_person")


def may_be(
    second: User, by: User, purpose: Purpose, clinic_id: int, other_than: Collection[int] = ()
) -> bool:
    somebody_else = second.pk != by.pk and second.pk not in other_than
    return somebody_else and second.may(purpose.permission, clinic_id)


def _has_second_factor(user: User, code: str) -> bool:
    """Whether the code is theirs, or they have set up no second factor; a code works once.

    The form is never saved: that would count as the signed-in person's own authentication.
    """
    if not is_mfa_enabled(user):
        return True
    form = AuthenticateForm({"code": code}, user=user)
    if not form.is_valid():
        return False
    form.authenticator.record_usage()
    return True


def _failures(clinic_id: int, by: User, username: str) -> int:
    """Count what failed lately, by this person or under this name."""
    recent = AuditEvent.objects.filter(
        clinic_id=clinic_id,
        event__endswith=REFUSED,
        at__gt=ClockTimestamp() - FAILURES_COUNT_FOR,
    )
    return recent.filter(Q(actor_id=by.pk) | Q(detail__username=username)).count()
