"""A second person types their own name and password, and the code where they have a second factor.

Failures are counted and on record.
"""

from datetime import timedelta

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
from sessions.models import TreatmentSession

WITNESS = "monitoring.witness_override"
REFUSED = "override.witness_refused"
MOST_FAILURES = 5
FAILURES_COUNT_FOR = timedelta(minutes=15)
UNKNOWN = (
    "No second person could be confirmed. It has to be somebody else of this clinic who may "
    "witness an override, with their own name and password, and their code if they use one."
)


def confirm(
    request: HttpRequest,
    treatment_session: TreatmentSession,
    *,
    by: User,
    username: str,
    password: str,
    code: str = "",
) -> User:
    """Return the second person; a refusal is on record before it is shown, and never says why."""
    if _failures(treatment_session, by, username) >= MOST_FAILURES:
        raise ValidationError(
            {"second_username": "Too many attempts. Wait 15 minutes, or ask another colleague."},
            code="too_many",
        )
    found = authenticate(request, username=username, password=password)
    if (
        isinstance(found, User)
        and may_witness(found, by, treatment_session)
        and _has_second_factor(found, code)
    ):
        return found
    with acting(by):
        audit.record(REFUSED, subject=treatment_session, username=username)
    raise ValidationError({"second_username": UNKNOWN}, code="second_person")


def may_witness(second: User, by: User, treatment_session: TreatmentSession) -> bool:
    return second.pk != by.pk and second.may(WITNESS, treatment_session.clinic_id)


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


def _failures(treatment_session: TreatmentSession, by: User, username: str) -> int:
    """Count what failed lately, by this person or under this name."""
    recent = AuditEvent.objects.filter(
        clinic_id=treatment_session.clinic_id,
        event=REFUSED,
        at__gt=ClockTimestamp() - FAILURES_COUNT_FOR,
    )
    return recent.filter(Q(actor_id=by.pk) | Q(detail__username=username)).count()
