"""The flowsheet: times as columns, measures as rows, due times as empty columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from django.urls import reverse
from django.utils import timezone

from clinic.models import User
from clinic.numbers import plain
from clinic.superseding import last_of_each
from desk.limits import out_of_range
from monitoring.models import VitalSigns
from monitoring.readings import Settings
from monitoring.services.history import Record
from monitoring.services.values import reading_of
from monitoring.timeline import DueCheck
from sessions.models import Dose, InfusionEvent
from sessions.services import drips

LATE_BADGE = timedelta(minutes=10)
STEPS = {"rate": "rate", "pause": "pause", "resume": "resume", "stop": "end"}
ROWS: Mapping[str, tuple[str, str]] = {
    "bp": ("BP", "mmHg"),
    "pulse": ("Pulse", "/min"),
    "spo2": ("SpO₂", "%"),
    "respiratory_rate": ("Resp.", "/min"),
    "temperature": ("Temp.", "°C"),
    "sedation": ("MOAA/S", ""),
    "dissociation": ("Dissoc.", "0–3"),
    "by": ("By", ""),
    "entered": ("Entered", ""),
}


@dataclass(frozen=True, slots=True)
class Cell:
    text: str = ""
    old: tuple[str, ...] = ()  # what was corrected, the oldest first
    css: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    at: datetime
    css: str
    words: str
    cells: Mapping[str, Cell]
    url: str = ""
    late: bool = False
    counts: bool = False  # a due time that counts down


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    unit: str
    cells: tuple[tuple[str, Cell], ...]  # each with the css of its column


@dataclass(frozen=True, slots=True)
class Flow:
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    remarks: tuple["Remark", ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """What the columns can't say: about which time, and the words."""

    words: str
    at: datetime | None = None


def flowsheet(record: Record, due: Iterable[DueCheck], *, may_correct: bool) -> Flow:
    columns = sorted(
        [
            *_readings(record, may_correct=may_correct),
            *_doses(record, may_correct=may_correct),
            *_infusion(record, may_correct=may_correct),
            *_medicines(record, may_correct=may_correct),
            *_due(due),
        ],
        key=lambda column: column.at,
    )
    rows = tuple(
        Row(label, unit, tuple((column.css, column.cells.get(name, Cell())) for column in columns))
        for name, (label, unit) in ROWS.items()
        if name != "temperature" or any(column.cells.get(name, Cell()).text for column in columns)
    )
    return Flow(tuple(columns), rows, tuple(_remarks(record)))


def _readings(record: Record, *, may_correct: bool) -> Iterable[Column]:
    by_pk = {row.pk: row for row in record.vitals}
    for row in last_of_each(record.vitals):
        olds = _older(row, by_pk)
        void = row.entered_in_error
        cells = {
            name: _cell(name, row, olds, record.settings)
            for name in ROWS
            if name not in {"by", "entered"}
        }
        cells["by"] = Cell(initials(row.recorded_by))
        cells["entered"] = entered(row.recorded_at)
        yield Column(
            at=row.observed_at,
            css="is-void" if void else "",
            words="in error" if void else "",
            cells=cells,
            url=""
            if void or not may_correct
            else reverse("monitoring:correct", args=[row.public_id]),
            late=_first(row, olds).recorded_at - row.observed_at > LATE_BADGE,
        )


def _older(row: VitalSigns, by_pk: Mapping[int, VitalSigns]) -> list[VitalSigns]:
    """Return what this set supersedes, the oldest first."""
    olds: list[VitalSigns] = []
    while row.supersedes_id is not None:
        row = by_pk[row.supersedes_id]
        olds.insert(0, row)
    return olds


def _first(row: VitalSigns, olds: list[VitalSigns]) -> VitalSigns:
    return olds[0] if olds else row


def _cell(name: str, row: VitalSigns, olds: list[VitalSigns], settings: Settings) -> Cell:
    text = shown(name, row)
    old = tuple(dict.fromkeys(shown(name, one) or "–" for one in olds))
    if row.entered_in_error:
        return Cell(old=(text,) if text else ())
    old = tuple(one for one in old if one != (text or "–"))
    if not text and row.not_obtained:
        return Cell("n/o", old, "muted", row.not_obtained)
    return Cell(text, old, "out" if _is_out(name, row, settings) else "")


def shown(name: str, row: VitalSigns) -> str:
    if name == "bp":
        return f"{row.systolic}/{row.diastolic}" if row.systolic is not None else ""
    value = getattr(row, name)
    if value is None:
        return ""
    if name == "spo2" and row.oxygen_l_min:
        return f"{value} ({plain(row.oxygen_l_min)} L)"
    return plain(value) if isinstance(value, Decimal) else str(value)


def _is_out(name: str, row: VitalSigns, settings: Settings) -> bool:
    measure = "resp_rate" if name == "respiratory_rate" else name
    return measure in out_of_range(reading_of(row), settings)


def _doses(record: Record, *, may_correct: bool) -> Iterable[Column]:
    for dose in record.standing_doses:
        url = reverse("sessions:device_correct", args=[dose.public_id]) if may_correct else ""
        yield Column(
            at=dose.given_at,
            css="is-dose",
            words=_dose_words(dose),
            cells={"by": Cell(initials(dose.given_by)), "entered": entered(dose.recorded_at)},
            url=url,
            late=dose.recorded_at - dose.given_at > LATE_BADGE and dose.supersedes_id is None,
        )


def entered(at: datetime) -> Cell:
    """Show when it was written, beside the time at which it happened."""
    return Cell(f"{timezone.localtime(at):%H:%M}", css="muted")


def _dose_words(dose: Dose) -> str:
    if dose.outcome == Dose.Outcome.COMPLETE:
        return f"{plain(dose.dose_mg)} mg"
    return dose.get_outcome_display().lower()


def _infusion(record: Record, *, may_correct: bool) -> Iterable[Column]:
    standing = {dose.number for dose in record.standing_doses}
    for number, line in drips.numbered(record.infusion_events).items():
        event = line[-1]
        if event.dose.number not in standing or event.kind == "start":
            continue
        rate = f" {plain(event.rate_ml_h)} mL/h" if event.rate_ml_h else ""
        session_id = record.treatment_session.public_id
        url = reverse("sessions:infusion_correct", args=[session_id, number]) if may_correct else ""
        yield Column(
            at=event.at,
            css="is-dose",
            words=f"{STEPS[event.kind]}{rate}",
            cells={"by": Cell(initials(line[0].by)), "entered": entered(event.recorded_at)},
            url=url,
        )


def _medicines(record: Record, *, may_correct: bool) -> Iterable[Column]:
    for row in record.shown_medicines:
        void = row.entered_in_error
        link = may_correct and not void
        yield Column(
            at=row.given_at,
            css="is-void" if void else "is-dose",
            words=f"{row} in error" if void else str(row),
            cells={"by": Cell(initials(row.given_by))},
            url=reverse("monitoring:medicine_correct", args=[row.public_id]) if link else "",
        )


def _due(due: Iterable[DueCheck]) -> Iterable[Column]:
    """Draw what is still to come; the next one counts down, an overdue one is red."""
    after = [check for check in due if check.is_open and check.anchor != "before_dose"]
    waiting = sorted((check.due_at, check.label, check) for check in after if check.due_at)
    for place, (due_at, label, check) in enumerate(waiting):
        css = "is-late" if check.state == "overdue" else "is-next" if place == 0 else "is-due"
        yield Column(at=due_at, css=css, words=label, cells={}, counts=css != "is-due")


def _remarks(record: Record) -> Iterable[Remark]:
    """Say in words what was corrected, entered late, or missed."""
    for row in record.vitals:
        if row.supersedes_id is not None:
            what = "in error" if row.entered_in_error else "corrected"
            yield Remark(f"{what}: {row.reason} ({initials(row.recorded_by)})", row.observed_at)
        elif row.late_reason:
            yield Remark(f"late: {row.late_reason}", row.observed_at)
    for dose in record.doses:
        if dose.supersedes_id is not None:
            yield Remark(f"device {dose.number} corrected: {dose.reason}", dose.given_at)
        elif dose.reason:
            yield Remark(f"device {dose.number}: {dose.reason}", dose.given_at)
    for line in drips.numbered(record.infusion_events).values():
        for old, new in pairwise(line):
            was = f"{timezone.localtime(old.at):%H:%M}{_numbers(old)}"
            words = f"{STEPS[new.kind]} corrected, before {was}: {new.reason} ({initials(new.by)})"
            yield Remark(words, new.at)
    for label, reason in record.missed.items():
        yield Remark(f"“{label}” missed: {reason}")
    for wrong in record.not_missed:
        yield Remark(f"“{wrong['label']}” missed: {wrong['said']} – in error: {wrong['reason']}")


def _numbers(event: InfusionEvent) -> str:
    rate = f", {plain(event.rate_ml_h)} mL/h" if event.rate_ml_h else ""
    return rate + (f", {plain(event.given_ml)} mL" if event.given_ml is not None else "")


def initials(user: User) -> str:
    names = user.get_full_name().split() or [user.username]
    letters = names[0][:1] + names[-1][:1] if len(names) > 1 else names[0][:2]
    return letters.upper()
