"""The rows of a written history: which of them stand at a time, as the record knew them then.

A row counts from when it was written (`recorded_at`). Without that it counts as written when it
happened, or when the document was judged (`now`), if that was earlier: so what is dated after the
document's own time stands as an entry that lies ahead, and what comes after another time that is
asked for is not known yet.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from monitoring.documents import DocumentError, Fields
from monitoring.medicines import CLASSES, EFFECTS, UNKNOWN, DrugClass, proposed
from monitoring.readings import MEASURES, Administration, Medicine, Reading

MEASURE_NAMES = tuple(MEASURES)
STEPS = ("start", "rate", "pause", "resume", "stop")
OUTCOMES = ("complete", "one_spray", "sneezed", "faulty", "refused")


class Row(NamedTuple):
    made: Any  # None: nothing was given
    name: str
    written: datetime
    corrects: str
    withdrawn_at: datetime | None


class Event(NamedTuple):
    term: str
    written: datetime
    resolved_at: datetime | None


@dataclass
class Known:
    """What was known at `now` of a document that was written at `told_at`."""

    now: datetime
    told_at: datetime | None
    not_yet: list[str] = field(default_factory=list)  # the rows that are written later
    withdrawn: list[datetime] = field(default_factory=list)

    def written(self, happened: datetime, recorded_at: datetime | None) -> datetime:
        if recorded_at is not None:
            return recorded_at
        return happened if self.told_at is None else min(happened, self.told_at)

    def rows(self, found: Fields, name: str, make: Callable[[Fields, "Known"], Row]) -> list[Any]:
        """Return what stands of a list; corrected and withdrawn rows are left out."""
        rows = found.many(name, lambda each: make(each, self))
        _check_names(found.at(name), rows)
        self.not_yet += [row.name for row in rows if row.written > self.now]
        rows = [row for row in rows if row.written <= self.now]
        corrected = {row.corrects for row in rows if row.corrects}
        withdrawn = [row for row in rows if row.withdrawn_at and row.withdrawn_at <= self.now]
        self.withdrawn += [row.withdrawn_at for row in withdrawn if row.withdrawn_at]
        gone = corrected | {row.name for row in withdrawn}
        return [row.made for row in rows if row.name not in gone and row.made is not None]


def _check_names(where: str, rows: Iterable[Row]) -> None:
    names, corrected = set[str](), set[str]()
    for row in rows:
        if row.name in names:
            raise DocumentError(where, f"“{row.name}” is the id of two rows")
        names.add(row.name)
    for row in rows:
        if row.corrects and (row.corrects not in names or row.corrects == row.name):
            raise DocumentError(where, f"corrects “{row.corrects}”, which is no other row here")
        if row.corrects in corrected:
            raise DocumentError(
                where, f"“{row.corrects}” is corrected twice: correct the newer row"
            )
        corrected |= {row.corrects} - {""}


def _row(found: Fields, made: Any, written: datetime, recorded_at: datetime | None) -> Row:
    corrects = found.text("corrects", "")
    if corrects and recorded_at is None:
        raise DocumentError(found.where, "a correction has to say when it was made: recorded_at")
    name = found.text("id", found.where)
    return Row(made, name, written, corrects, found.moment("entered_in_error_at"))


def reading(found: Fields, known: Known) -> Row:
    observed_at, recorded_at = (
        found.moment("observed_at", required=True),
        found.moment("recorded_at"),
    )
    values = {name: _measured(found, name) for name in MEASURE_NAMES}
    made = Reading(
        id=found.where,
        observed_at=observed_at,
        recorded_at=recorded_at or observed_at,
        not_obtained=found.text("not_obtained", ""),
        late_reason=found.text("late_reason", ""),
        **values,
    )
    if (made.systolic is None) != (made.diastolic is None):
        raise DocumentError(found.where, "give both pressures or none")
    if made.systolic is not None and made.bp is None:
        raise DocumentError(found.where, "the systolic pressure has to be over the diastolic")
    return _row(found, made, known.written(observed_at, recorded_at), recorded_at)


def _measured(found: Fields, name: str) -> Any:
    value, measure = found.take(name, None), MEASURES[name]
    if value is None:
        return None
    kinds = (int, float) if measure.places else (int,)
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise DocumentError(found.at(name), f"{value!r} is no {measure.label}")
    number = Decimal(str(value)) if measure.places else int(value)
    if not measure.holds(number):
        low, high = measure.hard
        raise DocumentError(
            found.at(name), f"{value} can't be a {measure.label} ({low} to {high} {measure.unit})"
        )
    return number


def administration(found: Fields, known: Known) -> Row:
    """Read a device or an infusion; one whose end isn't written yet is running."""
    route = found.choice("route", ("nasal", "iv"), "nasal")
    started, ended = found.moment("started_at", required=True), found.moment("ended_at")
    outcome = found.choice("outcome", OUTCOMES, "complete")
    recorded_at = found.moment("recorded_at")
    if ended is not None and ended < started:
        raise DocumentError(found.where, "ends before it starts")
    if route == "nasal":
        ended = ended or started
    last = known.written(ended or started, recorded_at)
    made = Administration(started, ended, route, recorded_at or ended or started)
    if route == "iv" and ended and known.now < last and not found.left.get("corrects"):
        made = Administration(started, None, route, started)
        last = known.written(started, None)
    return _row(found, made if outcome != "refused" else None, last, recorded_at)


def infusion(found: Fields, known: Known) -> list[Administration]:
    """Read the steps of one infusion; rates and pauses change no time of the rules."""
    steps = found.many("infusion_steps", _step)
    if not steps:
        return []
    kinds = [kind for kind, _, _ in steps]
    moments = [at for _, at, _ in steps]
    if kinds[0] != "start" or kinds.count("start") > 1 or "stop" in kinds[:-1]:
        raise DocumentError("infusion_steps", "begin with one start, and end with the stop if any")
    if moments != sorted(moments):
        raise DocumentError("infusion_steps", "have to be in the order of their times")
    written = [
        (kind, at, known.written(at, recorded), recorded or at) for kind, at, recorded in steps
    ]
    past = [step for step in written if step[2] <= known.now]
    known.not_yet += [
        f"infusion_steps[{n}]" for n, step in enumerate(written) if step[2] > known.now
    ]
    if not past or past[0][0] != "start":
        return []
    ended = past[-1][1] if past[-1][0] == "stop" else None
    return [Administration(past[0][1], ended, "iv", max(step[3] for step in past))]


def _step(found: Fields) -> tuple[str, datetime, datetime | None]:
    kind, at = found.choice("kind", STEPS), found.moment("at", required=True)
    return kind, at, found.moment("recorded_at")


def medicine(found: Fields, known: Known) -> Row:
    """Read another medicine; what it does to the clock follows from its name or its kind."""
    drug, at = found.text("drug"), found.moment("at", required=True)
    recorded_at = found.moment("recorded_at")
    kind = _kind(found.choice("kind", tuple(CLASSES), ""), drug)
    effect = found.choice("effect", tuple(EFFECTS), kind.effect)
    minutes = found.take("minutes", kind.minutes if effect == kind.effect else None)
    if effect == "none" and minutes is None:
        minutes = 0
    if type(minutes) is not int or minutes < (0 if effect == "none" else 1):
        raise DocumentError(found.at("minutes"), "has to be a whole number of minutes")
    made = Medicine(found.where, drug, at, effect, minutes, recorded_at or at)
    return _row(found, made, known.written(at, recorded_at), recorded_at)


def _kind(code: str, drug: str) -> DrugClass:
    return CLASSES[code] if code else proposed(drug) or UNKNOWN


def event(found: Fields, known: Known) -> Row:
    term, onset = found.text("term"), found.moment("onset_at")
    resolved, recorded_at = found.moment("resolved_at"), found.moment("recorded_at")
    if onset and resolved and resolved < onset:
        raise DocumentError(found.where, "ends before it begins")
    first = known.written(onset or resolved or known.now, recorded_at)
    ended = resolved if resolved and resolved <= known.now else None
    made = Event(term, max(first, ended) if ended else first, ended)
    return _row(found, made, first, recorded_at)
