"""After the database was restored, nobody knows what was sent since it was saved: people look.

A restored copy is another database, another server, or another line of the same one's history.
Where all of that is the same, `manage.py hold_messages` says it.
"""

from collections import Counter
from datetime import datetime

import structlog
from django.db import connection
from django.db.models import Q

from clinic import audit, clock
from clinic.audit import acting, system
from clinic.roles import Role
from patients.models import Task
from patients.services import tasks
from reminders.models import Message, SendingPlace

log = structlog.get_logger(__name__)

State = Message.State
UNSURE = ("system_identifier", "timeline")  # not every role may ask for them
RESTORED = "The database was restored: it may have been sent before."
TASK = (
    "The database was restored. Messages that may have been sent before wait in the ledger for a "
    "look: {count}."
)


def notice() -> int:
    """Hold what may have gone before, if this is a restored database; return how many messages."""
    here = _here()
    saved = SendingPlace.objects.filter(pk=1).first()
    if saved is not None and not saved.differs_from(here):
        _learn(saved, here)
        return _hold_stragglers(saved)
    with acting(system("sweep")):
        saved = SendingPlace.objects.select_for_update().filter(pk=1).first()
        if saved is None:
            here.since = clock.now()
            SendingPlace.objects.bulk_create([here], ignore_conflicts=True)
            return 0
        if not saved.differs_from(here):
            return 0  # another sweep was faster
        return _hold(saved, here, RESTORED)


def _learn(saved: SendingPlace, here: SendingPlace) -> None:
    """Keep what the server could not tell before: from now on it is compared, too."""
    new = [name for name in UNSURE if not getattr(saved, name) and getattr(here, name)]
    if new:
        with acting(system("sweep")):
            for name in new:
                setattr(saved, name, getattr(here, name))
            saved.save(update_fields=new)


def hold(reason: str) -> int:
    """Hold what may have gone before, because a person says so; return how many messages."""
    with acting(system("hold_messages")):
        here = _here()
        here.since = clock.now()
        SendingPlace.objects.bulk_create([here], ignore_conflicts=True)
        return _hold(SendingPlace.objects.select_for_update().get(pk=1), here, reason)


def _hold(saved: SendingPlace, here: SendingPlace, reason: str) -> int:
    here.pk, here.since = saved.pk, clock.now()
    here.held_before = here.since
    here.save()
    still_of_use = Q(state=State.SUPPRESSED, expires_at__gt=here.since)
    held = _set_aside(
        Q(not_before__lt=here.since) & (Q(state__in=[State.PLANNED, State.SENDING]) | still_of_use),
        reason,
        here.since,
    )
    audit.record("messages.held", subject=here, reason=reason, number=held.total())
    log.warning("messages.held", number=held.total())
    return held.total()


def _hold_stragglers(saved: SendingPlace) -> int:
    """Hold what was planned since for a time before: by a rule, or because a visit came back."""
    if saved.held_before is None:
        return 0
    released = Q(released_at__gte=saved.held_before)
    late = ~released & Q(state=State.PLANNED, not_before__lt=saved.held_before)
    if not Message.objects.filter(late).exists():
        return 0
    with acting(system("sweep")):
        return _set_aside(late, RESTORED, saved.held_before).total()


def _set_aside(chosen: Q, reason: str, held_before: datetime) -> Counter[int]:
    """Let them wait for a look, and ask for it; return how many at each clinic."""
    rows = Message.objects.filter(chosen).order_by("pk")
    found = list(rows.select_for_update().values_list("pk", "clinic_id"))
    Message.objects.filter(pk__in=[pk for pk, _ in found]).update(
        state=State.HELD, reason=reason, lease_until=None, lease_token=None
    )
    held = Counter(clinic_id for _, clinic_id in found)
    _ask_to_look(held, held_before)
    return held


def _ask_to_look(held: Counter[int], held_before: datetime) -> None:
    """Open a task at each clinic that has none yet from this restore."""
    asked = Task.objects.open().filter(kind=Task.Kind.RESTORED, due_at__gte=held_before)
    known, now = set(asked.values_list("clinic_id", flat=True)), clock.now()
    for clinic_id in held.keys() - known:
        tasks.ask_clinic(
            Task.Kind.RESTORED,
            clinic_id=clinic_id,
            role=Role.ADMINISTRATOR,
            text=TASK.format(count=held[clinic_id]),
            due_at=now,
            dedupe_key=f"restored:{clinic_id}:{now.isoformat()}",
        )


def _here() -> SendingPlace:
    """Ask the database who it is; not every role may know all of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT oid, has_function_privilege('pg_control_system()', 'EXECUTE'),
                   has_function_privilege('pg_control_checkpoint()', 'EXECUTE')
            FROM pg_database WHERE datname = current_database()
            """
        )
        oid, sees_system, sees_timeline = cursor.fetchone()
        here = SendingPlace(pk=1, database_oid=oid)
        if sees_system:
            cursor.execute("SELECT system_identifier FROM pg_control_system()")
            here.system_identifier = str(cursor.fetchone()[0])
        if sees_timeline:
            cursor.execute("SELECT timeline_id FROM pg_control_checkpoint()")
            here.timeline = cursor.fetchone()[0]
    return here
