"""Where the dots of a course go: phases as bands, sessions as dots, today as a line; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sessions.lifecycle import PRESENT, TOOK_PLACE, Status

SLOT = 44  # a finger's width
GAP = 6  # between two phases
MARGIN = 12
WORDS = {
    "given": "given",
    "missed": "not given",
    "moved": "planned, moved",
    "planned": "planned",
    "today": "today",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One session as the ribbon needs it."""

    public_id: str
    phase: str
    number: int
    on: date
    nominal_on: date
    status: str


@dataclass(frozen=True, slots=True)
class Band:
    x: int
    width: int
    name: str
    is_now: bool


@dataclass(frozen=True, slots=True)
class Dot:
    x: int
    left: int
    visit: Visit
    kind: str
    names_month: bool

    @property
    def words(self) -> str:
        return WORDS[self.kind]


@dataclass(frozen=True, slots=True)
class Ribbon:
    width: int
    bands: tuple[Band, ...]
    dots: tuple[Dot, ...]
    today_x: int | None


def draw(visits: Sequence[Visit], today: date) -> Ribbon:
    """Lay out the sessions of one course in their order."""
    left, bands, dots = MARGIN, [], []
    upcoming = next((visit for visit in visits if visit.on >= today), None)
    month = None
    for phase, group in groupby(visits, key=lambda visit: visit.phase):
        begin, inside = left, list(group)
        for visit in inside:
            names_month = (visit.on.year, visit.on.month) != month
            month = visit.on.year, visit.on.month
            dots.append(Dot(left + SLOT // 2, left, visit, kind_of(visit, today), names_month))
            left += SLOT
        bands.append(Band(begin, left - begin, phase, upcoming in inside))
        left += GAP
    return Ribbon(left + MARGIN, tuple(bands), tuple(dots), _today_x(dots, today))


def kind_of(visit: Visit, today: date) -> str:
    if visit.status in TOOK_PLACE:
        return "given"
    if visit.status in PRESENT or (visit.status == Status.PLANNED and visit.on == today):
        return "today"
    if visit.status == Status.PLANNED:
        return "planned" if visit.on == visit.nominal_on else "moved"
    return "missed"


def _today_x(dots: Iterable[Dot], today: date) -> int | None:
    """Return the line before the first session from today on; none when the course is over."""
    return next((dot.left for dot in dots if dot.visit.on >= today), None)
