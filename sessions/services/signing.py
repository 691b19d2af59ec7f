"""A prescriber signs the record of an ended session."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.forms.models import model_to_dict

from clinic import audit, clock, entries
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import check_version
from clinic.models import User
from patients.services import tasks
from sessions import ports
from sessions.models import InfusionEvent, Signature, TreatmentSession
from sessions.services import asks, steps

SIGN = "treatment_sessions.sign_session"


def content_hash(treatment_session: TreatmentSession) -> str:
    """Return the SHA-256 of what the signature vouches for: session, doses, steps, monitoring."""
    content = {
        "session": model_to_dict(treatment_session),
        "doses": [model_to_dict(row) for row in treatment_session.doses.order_by("pk")],
        "infusion": [_step(row) for row in treatment_session.infusion_events.all()],
        "steps": [model_to_dict(row) for row in treatment_session.status_changes.order_by("pk")],
        "stays": [model_to_dict(row) for row in treatment_session.stays.order_by("pk")],
        **ports.signed(treatment_session),
    }
    return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()


def altered() -> Iterator[str]:
    """Name every signed session whose rows are no longer those that were signed."""
    signatures = Signature.objects.select_related("treatment_session").order_by("pk")
    for signature in signatures.iterator(chunk_size=500):
        treatment_session = signature.treatment_session
        if content_hash(treatment_session) != signature.content_hash:
            on = f"{signature.signed_at:%Y-%m-%d %H:%M} UTC"
            yield f"session {treatment_session.public_id}, signed {on}, differs from its rows"


def _step(row: InfusionEvent) -> dict[str, Any]:
    """Leave out what it supersedes where it doesn't: older signatures didn't know that column."""
    values = model_to_dict(row)
    return values if row.supersedes_id else {k: v for k, v in values.items() if k != "supersedes"}


def sign(
    pk: int, *, by: User, version: int, note: str = "", entry: Submission | None = None
) -> Signature:
    with acting(by):
        entries.claim(entry, by)
        treatment_session = steps.lock(pk)
        if not by.may(SIGN, treatment_session.clinic_id):
            raise PermissionDenied(SIGN)
        steps.refuse_signed(treatment_session)
        if not treatment_session.is_over:
            raise ValidationError("Only an ended session can be signed.", code="not_over")
        check_version(treatment_session, version)
        signature = Signature.objects.create(
            treatment_session=treatment_session,
            signed_by=by,
            signed_at=clock.now(),
            meaning="Reviewed and approved",
            content_hash=content_hash(treatment_session),
            note=note.strip(),
        )
        audit.record("session.signed", subject=treatment_session)
        tasks.close_for(by=by, note="Signed.", dedupe_key=asks.sign_key(treatment_session))
        return signature
