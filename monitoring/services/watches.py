"""Watching a patient: taking over, and handing over to a colleague who confirms it."""

from django.core.exceptions import ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.roles import PERMISSIONS
from monitoring.models import WatchAssignment
from monitoring.services import history
from sessions.lifecycle import PRESENT
from sessions.models import TreatmentSession
from sessions.services import steps

WATCH = "monitoring.record_vitals"
ROLES = [role for role, granted in PERMISSIONS.items() if WATCH in granted]
Kind = WatchAssignment.Kind


def take_over(pk: int, *, by: User, entry: Submission | None = None) -> WatchAssignment:
    """Watch this patient from now on; whoever watched until now is named and is free."""
    with acting(by, entry):
        treatment_session, before = _lock(pk, by)
        if before == by.pk:
            raise ValidationError("You watch this patient already.", code="watching")
        return _write(treatment_session, Kind.TOOK, watcher_id=by.pk, before_id=before, by=by)


def offer(pk: int, to: User, *, by: User, entry: Submission | None = None) -> WatchAssignment:
    """Ask a colleague to take over; nothing changes until they do."""
    with acting(by, entry):
        treatment_session, before = _lock(pk, by)
        if before != by.pk:
            text = "Only who watches the patient hands over. Take over yourself first."
            raise ValidationError(text, code="not_watching")
        if to.pk == by.pk or not to.may(WATCH, treatment_session.clinic_id):
            raise ValidationError({"to": "Choose a colleague who records vital signs here."})
        return _write(treatment_session, Kind.OFFERED, watcher_id=to.pk, before_id=by.pk, by=by)


def colleagues(treatment_session: TreatmentSession, user: User) -> list[User]:
    """Return who else may watch at this clinic."""
    here = User.objects.filter(
        is_active=True,
        memberships__clinic_id=treatment_session.clinic_id,
        memberships__is_active=True,
        memberships__role__in=ROLES,
    )
    others = here.exclude(pk=user.pk).distinct()
    return list(others.order_by("last_name", "first_name", "username"))


def _lock(pk: int, by: User) -> tuple[TreatmentSession, int | None]:
    """Return the locked session, and who watches it."""
    treatment_session = steps.lock_for(pk, by, WATCH)
    if treatment_session.status not in PRESENT:
        raise ValidationError("The patient is not here: there is nobody to watch.", code="not_here")
    watcher = history.load(treatment_session).watch.by
    return treatment_session, watcher.pk if watcher else None


def _write(
    treatment_session: TreatmentSession,
    kind: WatchAssignment.Kind,
    *,
    by: User,
    **people: int | None,
) -> WatchAssignment:
    row = WatchAssignment.objects.create(
        treatment_session=treatment_session,
        kind=kind,
        by=by,
        at=clock.now(treatment_session),
        **people,
    )
    audit.record(f"watch.{kind}", subject=treatment_session, watcher=row.watcher_id)
    return row
