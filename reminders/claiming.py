"""Take mails that are due, whole ones, for a while: no other process sends them meanwhile."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import BooleanField, Case, ExpressionWrapper, F, Q, When

from clinic import clock
from clinic.audit import acting, system
from clinic.locks import Read
from reminders.kinds import Kind
from reminders.models import Message

State = Message.State
SWEEP = system("sweep")
BATCH = 20
CALLS_FIRST = Case(When(kind=Kind.ON_CALL, then=0), default=1)
CLAIMED = ("pk", "message_id", "attempts", "kind", "patient_id", "treatment_session_id")


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail that this process may send until the lease ends: its messages, the rows to lock."""

    pks: tuple[int, ...]
    session_ids: tuple[int, ...]
    patient_id: int
    token: UUID


def claim(limit: int | None = None) -> list[Claim]:
    """Take what is due by the database's clock; what another process holds is left to it.

    Whatever else is due for the same patients comes along, so that it goes in the same mail. What
    was tried before stays in the mail in which it was tried.
    """
    token = uuid4()
    with acting(SWEEP):
        now = clock.now()
        due = (
            Message.objects.due(now)
            .order_by(CALLS_FIRST, "not_before", "pk")
            .select_for_update(skip_locked=True)
        )
        rows = list(due.only(*CLAIMED)[: limit or BATCH])
        rows += due.filter(_along(rows)).exclude(pk__in=[row.pk for row in rows]).only(*CLAIMED)
        rows = _whole_mails(rows, now)
        mails = _mails(rows)
        for message_id, parts in mails.items():
            others = [part.pk for part in parts if part.message_id != message_id]
            if others:
                Message.objects.filter(pk__in=others).update(message_id=message_id)
        Message.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=State.SENDING,
            attempts=F("attempts") + 1,
            lease_until=now + settings.MESSAGE_LEASE,
            lease_token=token,
            # Left behind in the middle: nobody knows whether that attempt had reached the server.
            maybe_twice=ExpressionWrapper(
                Q(maybe_twice=True) | Q(state=State.SENDING), output_field=BooleanField()
            ),
        )
    return [_claim(parts, token) for parts in mails.values()]


def _along(rows: Iterable[Message]) -> Q:
    """Return what goes in the same mails: the rest of them, and what else is new."""
    fresh = {row.patient_id for row in rows if row.attempts == 0 and row.kind != Kind.ON_CALL}
    same = {row.message_id for row in rows if row.attempts > 0}
    new = Q(patient__in=fresh, attempts=0) & ~Q(kind=Kind.ON_CALL)
    return new | Q(message_id__in=same)


def _whole_mails(rows: Sequence[Message], now: datetime) -> list[Message]:
    """Leave a mail that was tried before while another process holds a part of it."""
    tried = {row.message_id for row in rows if row.attempts > 0}
    if not tried:
        return list(rows)
    others = Message.objects.due(now).filter(message_id__in=tried)
    split = set(
        others.exclude(pk__in=[row.pk for row in rows]).values_list("message_id", flat=True)
    )
    return [row for row in rows if row.attempts == 0 or row.message_id not in split]


def _mails(rows: Iterable[Message]) -> dict[UUID, list[Message]]:
    """Put what was never tried into one mail for each patient; calls to staff go alone."""
    mails: dict[UUID, list[Message]] = {}
    fresh: dict[int, UUID] = {}
    for row in rows:
        message_id = row.message_id
        if row.attempts == 0 and row.kind != Kind.ON_CALL:
            message_id = fresh.setdefault(row.patient_id, message_id)
        mails.setdefault(message_id, []).append(row)
    return mails


def _claim(parts: Sequence[Message], token: UUID) -> Claim:
    return Claim(
        pks=tuple(sorted(part.pk for part in parts)),
        session_ids=tuple(
            sorted({part.treatment_session_id for part in parts if part.treatment_session_id})
        ),
        patient_id=parts[0].patient_id,
        token=token,
    )


def held(claimed: Claim) -> Read:
    """Return what locks the messages that this claim still holds."""
    return Read(
        Message,
        "WHERE id = ANY(%s) AND state = %s AND lease_token = %s ORDER BY id FOR UPDATE",
        [list(claimed.pks), State.SENDING, claimed.token],
    )
