"""Uploaded files between preview and confirmation: kept an hour, read again before saving."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, entries
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import Clinic, User
from patients.fhir.reader import BundleError
from patients.models import ImportDraft
from patients.models.draft import RefusedFile, UploadedText
from patients.services import imports
from patients.services.imports import ImportPlan

KEPT_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PlannedFile:
    position: int
    name: str
    plan: ImportPlan


@dataclass(frozen=True, slots=True)
class Preview:
    plans: list[PlannedFile]
    refused: list[RefusedFile]


def keep(
    files: Iterable[tuple[str, bytes]], clinic: Clinic, *, by: User
) -> tuple[ImportDraft | None, list[RefusedFile]]:
    """Keep the files that can be read; those that can't be are named with the reason."""
    _check_may_import(by, clinic.pk)
    readable, refused = [], []
    for name, data in files:
        try:
            imports.read_file(data, clinic)
        except BundleError as error:
            refused.append(RefusedFile(name, error.message))
        else:
            readable.append(UploadedText(name, data.decode("utf-8-sig")))
    with acting(by):
        now = clock.now()
        drop_expired(now)
        if not readable:
            return None, refused
        draft = ImportDraft.objects.create(
            clinic=clinic,
            user=by,
            expires_at=now + KEPT_FOR,
            content=ImportDraft.pack(readable, refused),
        )
        audit.record("import.previewed", subject=draft, files=len(readable))
    return draft, refused


def preview(draft: ImportDraft) -> Preview:
    plans, refused = [], draft.refused
    for position, file in enumerate(draft.files):
        try:
            reading = imports.read_file(file.text.encode(), draft.clinic)
            plan = imports.preview(reading, draft.clinic)
            plans.append(PlannedFile(position, file.name, plan))
        except (BundleError, ValidationError) as error:
            refused.append(RefusedFile(file.name, _said(error)))
    return Preview(plans, refused)


def confirm(
    public_id: UUID,
    positions: Iterable[int],
    *,
    by: User,
    entry: Submission | None = None,
    shown_at: Callable[[list[ImportPlan]], str] = lambda plans: "",
) -> list[ImportPlan]:
    """Save the files at these positions, those that the preview offered: all of them or nothing.

    A repeated submission ends where `shown_at` says.
    """
    with acting(by, entry):
        draft = _standing(public_id, by)
        files = dict(enumerate(draft.files))
        chosen = [files[position] for position in positions if position in files]
        if not chosen:
            raise ValidationError("None of these files can be imported.", code="nothing")
        plans = [_save(file, draft.clinic, by) for file in chosen]
        draft.delete()
        entries.finish(entry, shown_at(plans))
        return plans


def _standing(public_id: UUID, by: User) -> ImportDraft:
    drafts = ImportDraft.objects.of(by).standing(clock.now()).select_related("clinic")
    draft = drafts.select_for_update(of=("self",)).filter(public_id=public_id).first()
    if draft is None:
        raise ValidationError(
            "This preview is over: files are kept for an hour. Choose them again.", code="expired"
        )
    _check_may_import(by, draft.clinic_id)
    return draft


def _check_may_import(user: User, clinic_id: int) -> None:
    if not user.may(imports.IMPORT, clinic_id):
        raise PermissionDenied(imports.IMPORT)


def _save(file: UploadedText, clinic: Clinic, by: User) -> ImportPlan:
    try:
        return imports.apply(imports.read_file(file.text.encode(), clinic), clinic, by=by)
    except (BundleError, ValidationError) as error:
        raise ValidationError(f"{file.name}: {_said(error)}", code="file") from error


def _said(error: BundleError | ValidationError) -> str:
    return error.message if isinstance(error, BundleError) else " ".join(error.messages)


def discard(public_id: UUID, *, by: User) -> None:
    with acting(by):
        draft = _standing(public_id, by)
        audit.record("import.discarded", subject=draft)
        draft.delete()


def drop_expired(now: datetime) -> int:
    """Remove drafts whose hour is over; they are no records, so nobody needs to act."""
    return ImportDraft.objects.expired(now).delete()[0]
