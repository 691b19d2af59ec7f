"""A prescriber signs the record of an ended session."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import prefetch_related_objects
from django.forms.models import model_to_dict

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import check_version
from clinic.models import User
from patients.services import tasks
from sessions import ports
from sessions.models import InfusionEvent, Signature, TreatmentSession
from sessions.ports import by_key
from sessions.services import asks, steps

SIGN = "treatment_sessions.sign_session"
RELATIONS = ("doses", "infusion_events", "status_changes", "stays", "dose_checks", "dose_wastes")
CHUNK = 100  # sessions whose rows are read together

Content = dict[str, list[dict[str, Any]]]


def content_hash(
    treatment_session: TreatmentSession, fields: Mapping[str, Collection[str]] | None = None
) -> str:
    """Return the SHA-256 of what a signature vouches for: session, doses, steps, monitoring.

    `fields` narrows each kind of row to those that a signature names: a field that a later release
    adds is not part of it. Of a kind that it doesn't name, every row is part of it.
    """
    return _hash(_content(treatment_session), fields)


def _hash(content: Content, fields: Mapping[str, Collection[str]] | None = None) -> str:
    if fields:
        content = {
            part: [_narrowed(row, fields.get(_kind(part, row))) for row in rows]
            for part, rows in content.items()
        }
    whole = {**content, "session": content["session"][0]}
    return hashlib.sha256(json.dumps(whole, default=str, sort_keys=True).encode()).hexdigest()


def seal(treatment_session: TreatmentSession) -> dict[str, Any]:
    """Return what a signature keeps of the record: its hash, and the fields that are in it."""
    fields: dict[str, set[str]] = {}
    content = _content(treatment_session)
    for part, rows in content.items():
        for row in rows:
            fields.setdefault(_kind(part, row), set()).update(row)
    return {
        "content_hash": _hash(content),
        "fields": {kind: sorted(names) for kind, names in fields.items()},
    }


def altered() -> Iterator[str]:
    """Name every signed session whose rows are no longer those that were signed."""
    signatures = Signature.objects.select_related("treatment_session").order_by("pk")
    rows = signatures.iterator(chunk_size=CHUNK)
    while some := list(islice(rows, CHUNK)):
        read_rows([signature.treatment_session for signature in some])
        for signature in some:
            treatment_session = signature.treatment_session
            if content_hash(treatment_session, signature.fields) != signature.content_hash:
                on = f"{signature.signed_at:%Y-%m-%d %H:%M} UTC"
                yield f"session {treatment_session.public_id}, signed {on}, differs from its rows"


def read_rows(sessions: Sequence[TreatmentSession]) -> None:
    """Read what signatures of these sessions vouch for, each table once."""
    above = [name for names in ports.signed_relations().values() for name in names]
    prefetch_related_objects(sessions, *RELATIONS, *above)


def _content(treatment_session: TreatmentSession) -> Content:
    return {
        "session": [model_to_dict(treatment_session)],
        "doses": [model_to_dict(row) for row in by_key(treatment_session.doses)],
        "infusion": [_step(row) for row in treatment_session.infusion_events.all()],
        "steps": [model_to_dict(row) for row in by_key(treatment_session.status_changes)],
        "stays": [model_to_dict(row) for row in by_key(treatment_session.stays)],
        **_by_two_people(treatment_session),
        **ports.signed(treatment_session),
    }


def _by_two_people(treatment_session: TreatmentSession) -> Content:
    """Return second checks and waste where there are any: older signatures knew neither."""
    rows = {"checks": treatment_session.dose_checks, "waste": treatment_session.dose_wastes}
    found = {part: [model_to_dict(row) for row in by_key(of)] for part, of in rows.items()}
    return {part: values for part, values in found.items() if values}


def _kind(part: str, row: Mapping[str, Any]) -> str:
    """Name what a row is; an app above names its rows itself, under `rows`."""
    return f"{part}:{row['rows']}" if "rows" in row else part


def _narrowed(row: dict[str, Any], names: Collection[str] | None) -> dict[str, Any]:
    return row if names is None else {name: row[name] for name in row if name in names}


def _step(row: InfusionEvent) -> dict[str, Any]:
    """Leave out what it supersedes where it doesn't: older signatures didn't know that column."""
    values = model_to_dict(row)
    return values if row.supersedes_id else {k: v for k, v in values.items() if k != "supersedes"}


def sign(
    pk: int, *, by: User, version: int, note: str = "", entry: Submission | None = None
) -> Signature:
    with acting(by, entry):
        treatment_session = steps.lock(pk)
        if not by.may(SIGN, treatment_session.clinic_id):
            raise PermissionDenied(SIGN)
        steps.refuse_signed(treatment_session)
        if not treatment_session.is_over:
            raise ValidationError("Only an ended session can be signed.", code="not_over")
        check_version(treatment_session, version)
        if goes_on := [text for text in ports.open_end(treatment_session).values() if text]:
            raise ValidationError(" ".join(goes_on), code="open_end")
        signature = Signature.objects.create(
            treatment_session=treatment_session,
            signed_by=by,
            signed_at=clock.now(),
            meaning="Reviewed and approved",
            note=note.strip(),
            **seal(treatment_session),
        )
        audit.record("session.signed", subject=treatment_session)
        tasks.close_for(by=by, note="Signed.", dedupe_key=asks.sign_key(treatment_session))
        return signature
