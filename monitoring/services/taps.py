"""What one tap writes: a row of a reviewed list with the database's time, and its undoing."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError

from clinic import audit, clock
from clinic.models import User
from monitoring import reviewed
from monitoring.models.taps import Tap
from sessions.models import TreatmentSession

T = TypeVar("T", bound=Tap)


def codes(topic: str, title: str) -> frozenset[str]:
    return frozenset(row.code for row in reviewed.topic(topic)[title])


def ends(topic: str, title: str) -> list[str]:
    """Return the codes that end what the list belongs to."""
    return [row.code for row in reviewed.topic(topic)[title] if row.more.get("ends")]


def tap(
    model: type[T],
    treatment_session: TreatmentSession,
    code: str,
    *,
    among: Collection[str],
    by: User,
    text: str = "",
    at: datetime | None = None,
    **values: Any,
) -> T:
    """Add a row to a locked session, inside `acting`; a code that is not `among` them is refused.

    Without a time it happened now.
    """
    if code not in among:
        raise ValidationError("This is not on the list: tap one of its buttons.", code="unknown")
    rows: Any = model._default_manager
    row = rows.create(
        treatment_session=treatment_session,
        code=code,
        text=text.strip(),
        at=at or clock.now(),
        by=by,
        **values,
    )
    audit.record(f"{model._meta.model_name}.{code}", subject=treatment_session)
    return row


def undo(row: T, parent: str, treatment_session: TreatmentSession, *, by: User, **values: Any) -> T:
    """Take a slip back; the row stays readable. `parent` names the field of what it belongs to."""
    rows: Any = type(row)._default_manager
    if row.entered_in_error or rows.filter(supersedes=row).exists():
        raise ValidationError("This was undone already.", code="in_error")
    error = rows.create(
        treatment_session=treatment_session,
        code=row.code,
        text=row.text,
        at=row.at,
        by=by,
        supersedes=row,
        entered_in_error=True,
        **{parent: getattr(row, parent)},
        **values,
    )
    audit.record(f"{row._meta.model_name}.undone", subject=treatment_session, code=row.code)
    return error
