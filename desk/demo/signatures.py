"""Which ended sessions are signed; the hash is the product's own, over the saved rows."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from clinic.models import User
from sessions.lifecycle import ENDINGS
from sessions.models import Signature, TreatmentSession
from sessions.services.signing import read_rows, seal

SIGNED_AFTER = timedelta(hours=3)
LEFT_OPEN = 5  # of the latest, as on any morning


def split(
    sessions: Iterable[TreatmentSession],
) -> tuple[list[TreatmentSession], list[TreatmentSession]]:
    """Return the ended sessions to sign, and the latest, which wait for it."""
    ended = [row for row in sessions if row.status in ENDINGS]
    ended.sort(key=lambda row: (row.ended_at is not None, row.ended_at))
    return ended[:-LEFT_OPEN], ended[-LEFT_OPEN:]


def sign(sessions: Iterable[TreatmentSession], by: User, now: datetime) -> None:
    """Sign saved sessions."""
    saved = list(TreatmentSession.objects.filter(pk__in=[row.pk for row in sessions]))
    read_rows(saved)
    Signature.objects.bulk_create(
        Signature(
            treatment_session=row,
            signed_by=by,
            signed_at=min(now, (row.ended_at or now) + SIGNED_AFTER),
            meaning="Reviewed and approved",
            **seal(row),
        )
        for row in saved
    )
