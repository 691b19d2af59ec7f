"""The same submission takes effect once: every clinical form carries an entry key (INV-3)."""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NoReturn
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection

from clinic.models import Entry, User


class AlreadyRecordedError(Exception):
    """The same form with the same values was saved before; its result is at `url`, if any."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class EntryConflictError(ValidationError):
    """The key was used for other values: showing the first result would hide these."""

    def __init__(self) -> None:
        super().__init__(
            "This form was already saved with other values. Nothing was changed now; "
            "check the record, then enter what is missing in a new form.",
            code="entry_conflict",
        )


@dataclass(frozen=True, slots=True)
class Submission:
    """What identifies one posted form: its key, what it was for, and a digest of what was typed."""

    key: UUID
    purpose: str
    subject: str
    payload_hmac: str


def digest(fields: Iterable[tuple[str, Any]]) -> str:
    payload = json.dumps(sorted((name, str(value)) for name, value in fields))
    return hmac.new(settings.SECRET_KEY.encode(), payload.encode(), sha256).hexdigest()


def submission(key: UUID, purpose: str, subject: object, fields: Mapping[str, Any]) -> Submission:
    return Submission(key, purpose, str(subject), digest(fields.items()))


def claim(entry: Submission | None, by: User, *, actor: str | None = None) -> None:
    """Take the key inside the transaction, before anything else; a rollback frees it.

    Raises AlreadyRecordedError for a repeat and EntryConflictError for other values. `None` claims
    nothing: tasks and commands are made safe to repeat by their own unique keys. `actor` is for
    `audit.acting`, which names the author to the database in the same statement.
    """
    if entry is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH told AS (
                SELECT set_config(
                    'taper.actor', coalesce(%s, current_setting('taper.actor', true)), true
                )
            )
            INSERT INTO clinic_entry (key, user_id, purpose, subject, payload_hmac, result_url)
            SELECT %s, %s, %s, %s, %s, '' FROM told ON CONFLICT (key) DO NOTHING
            """,
            [actor, entry.key, by.pk, entry.purpose, entry.subject, entry.payload_hmac],
        )
        if cursor.rowcount == 1:
            return
    _refuse(entry, Entry.objects.get(pk=entry.key), by)


def check_unused(entry: Submission, by: User) -> None:
    """Raise what `claim` would for a key that is taken, and take none."""
    if first := Entry.objects.filter(pk=entry.key).first():
        _refuse(entry, first, by)


def _refuse(entry: Submission, first: Entry, by: User) -> NoReturn:
    same = (first.user_id, first.purpose, first.subject, first.payload_hmac) == (
        by.pk,
        entry.purpose,
        entry.subject,
        entry.payload_hmac,
    )
    if not same:
        raise EntryConflictError
    raise AlreadyRecordedError(first.result_url)


def was_saved(key: UUID, by: User, fields: Mapping[str, Any]) -> bool:
    """Say whether this person saved these values under this key."""
    return Entry.objects.filter(pk=key, user_id=by.pk, payload_hmac=digest(fields.items())).exists()


def finish(entry: Submission | None, url: str) -> None:
    """Remember where the result of a creating form is shown."""
    if entry is not None:
        Entry.objects.filter(pk=entry.key).update(result_url=url)
