"""The chain over the audit trail: sealed after the fact, verified from the first link.

Events are written without a link, so writers never wait for each other. A sealer appends links in
sequence order, clinic by clinic, under an advisory lock. Patient data enters a link as a keyed
digest: erasing it later does not break the chain.
"""

import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from clinic import clock
from clinic.models import AuditEvent, AuditSeal
from clinic.ports import Contributors

log = structlog.get_logger(__name__)

further_checks: Contributors[[], Iterable[str]] = Contributors("further_checks")
"""What else has to match, by name; an app above tells what doesn't, a line each."""

SEAL_LOCK = 7_201  # any number, the same in every sealer
LOOK_BACK = timedelta(hours=1)  # far longer than any transaction may last
BATCH = 5_000


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(settings.AUDIT_KEY.encode(), text.encode(), sha256).hexdigest()


def link(prev: str, seq: int, event: AuditEvent) -> str:
    """Return the hash that binds an event to its place in the chain."""
    fields = [
        prev,
        seq,
        event.pk,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.event,
        event.actor_kind,
        event.actor_id,
        event.clinic_id,
        event.table_name,
        event.row_id,
        _digest([event.actor_label, event.patient_id, event.before, event.after, event.detail]),
    ]
    return sha256(json.dumps(fields, ensure_ascii=False).encode()).hexdigest()


def unsealed(now: datetime, *, everything: bool = False) -> QuerySet[AuditEvent]:
    events = AuditEvent.objects.filter(seal__isnull=True).order_by("id")
    newest = AuditSeal.objects.order_by("-sealed_at").values_list("sealed_at", flat=True).first()
    if everything or newest is None:
        return events
    return events.filter(at__gt=min(newest, now) - LOOK_BACK)


def seal(*, everything: bool = False) -> int:
    """Append links for the events written since the last run; return how many."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEAL_LOCK])
            if not cursor.fetchone()[0]:
                return 0
        events = list(unsealed(clock.now(), everything=everything)[:BATCH])
        heads = _heads({event.clinic_id for event in events})
        links = []
        for event in events:
            seq, prev = heads.get(event.clinic_id, (0, ""))
            made = link(prev, seq + 1, event)
            heads[event.clinic_id] = (seq + 1, made)
            links.append((event.clinic_id, seq + 1, event.pk, prev, made))
        _append(links)
    for clinic_id in {event.clinic_id for event in events}:
        seq, head = heads[clinic_id]
        log.info("audit.head", clinic=clinic_id, seq=seq, hash=head)  # the anchor outside
    return len(links)


def _append(links: list[tuple[int | None, int, int, str, str]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO clinic_auditseal (clinic_id, seq, event_id, prev, hash)
            SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])
            """,
            [list(column) for column in zip(*links, strict=True)] or [[]] * 5,
        )


def _chain(clinic_id: int | None) -> QuerySet[AuditSeal]:
    if clinic_id is None:
        return AuditSeal.objects.filter(clinic__isnull=True)
    return AuditSeal.objects.filter(clinic_id=clinic_id)


def _heads(clinic_ids: set[int | None]) -> dict[int | None, tuple[int, str]]:
    heads = {}
    for clinic_id in clinic_ids:
        last = _chain(clinic_id).order_by("-seq").first()
        if last:
            heads[clinic_id] = (last.seq, last.hash)
    return heads


def first_broken(clinic_id: int | None) -> str | None:
    """Return what is wrong with the first broken link of a chain, or None when it holds."""
    prev, expected = "", 1
    seals = _chain(clinic_id).select_related("event").order_by("seq")
    for found in seals.iterator(chunk_size=2000):
        if found.seq != expected:
            return f"link {expected} is missing"
        if found.prev != prev or found.hash != link(prev, found.seq, found.event):
            return f"link {found.seq} (event {found.event_id}) does not match its event"
        prev, expected = found.hash, expected + 1
    return None
