"""Writing a planned import: all of it or nothing."""

from collections.abc import Iterable

from clinic import audit, clock
from patients import ports
from patients.models import EmailContact, Identifier, Patient
from patients.models.chart import ERROR_FIELDS, ChartRow
from patients.services.imports.plan import ImportPlan, PatientPlan
from patients.services.imports.rows import KINDS, RowKind
from patients.services.register import next_number, record_number

BATCH = 500
REPLACED = "Replaced by the source."
SOURCE_FIELDS = (
    "family_name",
    "given_name",
    "other_names",
    "birth_date",
    "sex",
    "deceased",
    "deceased_at",
    "phone",
    "address",
    "language",
)


def save(plan: ImportPlan) -> None:
    """Write inside the caller's transaction, which holds the clinic's record numbers."""
    _save_patients(plan.patients)
    identifiers = [row for each in plan.patients for row in each.identifiers]
    Identifier.objects.bulk_create(identifiers, batch_size=BATCH)
    contacts = [each.contact for each in plan.patients if each.contact is not None]
    EmailContact.objects.bulk_create(contacts, batch_size=BATCH)
    for kind in KINDS:
        _save_rows(kind, plan.patients)
    for each in plan.patients:
        _record(each)


def _save_patients(plans: Iterable[PatientPlan]) -> None:
    new = [each.patient for each in plans if each.is_new]
    if new:
        for number, patient in enumerate(new, next_number(new[0].clinic)):
            patient.record_number = record_number(number)
        Patient.objects.bulk_create(new, batch_size=BATCH)
    known = [each for each in plans if not each.is_new]
    for each in known:
        each.patient.version += bool(each.field_changes)
    fields = [*SOURCE_FIELDS, "source_values", "version"]
    Patient.objects.bulk_update([each.patient for each in known], fields, batch_size=BATCH)


def _save_rows(kind: RowKind, plans: Iterable[PatientPlan]) -> None:
    of_kind = [rows for each in plans for rows in each.counts if rows.kind is kind]
    to_add: list[ChartRow] = [row for rows in of_kind for row in rows.to_add]
    to_change = [row for rows in of_kind for row in rows.to_change]
    to_replace = [each for rows in of_kind for each in rows.to_replace]
    _retire([each.old for each in to_replace], kind)
    to_add += [each.new for each in to_replace]
    kind.model.objects.bulk_create(to_add, batch_size=BATCH)
    kind.model.objects.bulk_update(to_change, kind.fields, batch_size=BATCH)


def _retire(rows: list[ChartRow], kind: RowKind) -> None:
    """Take rows out of use before others take their place: one per source stands."""
    if not rows:
        return
    actor, now = audit.current(), clock.now()
    for row in rows:
        row.mark_error(REPLACED, at=now, by_pk=actor.id if actor.kind == "user" else None)
    kind.model.objects.bulk_update(rows, ERROR_FIELDS, batch_size=BATCH)


def _record(plan: PatientPlan) -> None:
    counts = {rows.kind.model._meta.model_name: [rows.new, rows.changed] for rows in plan.counts}
    audit.record(
        "patient.imported", subject=plan.patient, outcome=plan.outcome, new_and_changed=counts
    )
    if plan.touches_messages:
        ports.contact_changed(plan.patient)
