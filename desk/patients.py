"""The list of a clinic's patients and the search in it: keyset pages, the same cost for each."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from clinic.models import Clinic, User
from desk import patient_rows
from desk.patient_rows import Found
from patients.naming import list_name
from patients.rules import age_on, not_treatable
from sessions.naming import step_label

PAGE, AT_ONCE = 25, 8  # rows of a page, and below the search box of the header
LONGEST = 100  # characters of a search
WORDS = 6
SHOWN = {"": "All patients", "course": "In a course", "none": "Without a course"}
SEES_VALUES = "monitoring.view_vitalsigns"


@dataclass(frozen=True, slots=True)
class Next:
    status: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    public_id: str
    name: str
    born: str
    age: int
    record_number: str
    course: str
    next_session: Next | None
    values: str
    values_at: datetime | None
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Page:
    now: datetime
    rows: list[Row]
    text: str
    show: str
    more_after: str  # public id of the last row when there are more


def page(
    clinic: Clinic,
    user: User,
    *,
    text: str = "",
    show: str = "",
    after: UUID | None = None,
    most: int = PAGE,
) -> Page:
    text = clean(text)
    show = show if show in SHOWN else ""
    values = user.may(SEES_VALUES, clinic.pk)
    now, found = patient_rows.read(clinic, text, show, after, limit=most + 1, values=values)
    today = now.astimezone(clinic.zone).date()
    rows = [_row(each, today) for each in found[:most]]
    more_after = rows[-1].public_id if len(found) > most else ""
    return Page(now, rows, text, show, more_after)


def clean(text: str) -> str:
    """Take what was typed without what no name holds: control characters, endless input."""
    visible = "".join(c if c.isprintable() else " " for c in text[:LONGEST])
    return " ".join(visible.split()[:WORDS])


def _row(found: Found, today: date) -> Row:
    return Row(
        public_id=found.public_id,
        name=list_name(found.given_name, found.family_name),
        born=found.birth_date.isoformat(),
        age=age_on(found.birth_date, today),
        record_number=found.record_number,
        course=_course(found),
        next_session=Next(found.status, found.starts_at) if found.session else None,
        values=_values(found) if found.observed_at else "",
        values_at=found.observed_at,
        warnings=not_treatable(found.birth_date, found.deceased, today),
    )


def _course(found: Found) -> str:
    if not found.course or not found.session:
        return found.course or ""
    return f"{found.course} · {step_label(found.phase, found.number, found.out_of)}"


def _values(found: Found) -> str:
    pressure = f"{found.systolic}/{found.diastolic}" if found.systolic else "–"
    return f"{pressure}, {found.spo2} %" if found.spo2 is not None else pressure
