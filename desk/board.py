"""Today at one clinic: who is here, who comes next, what waits for me."""

from dataclasses import dataclass, replace
from datetime import datetime

from clinic.models import Clinic, OnSite, User
from clinic.presence import Site
from desk import beside, polling, present, seats, urgent
from desk.beside import Arrival, Beside, Waiting
from desk.house import MOST
from desk.present import PresentSession
from desk.pulse import Asked, Pulse
from desk.seats import Seat
from sessions.lifecycle import DOSED, ENDINGS, Status

CARDS = 10  # the most urgent as cards, the others as lines
LINES = 30
IN_TREATMENT = (Status.CLEARED, *DOSED)
NOBODY = "Nobody is here yet. Whoever is checked in appears here, the most urgent first."
NO_PATIENTS_OF_MINE = "You watch nobody now. Take a patient over on the session sheet."
SEES_VALUES = "monitoring.view_vitalsigns"


@dataclass(frozen=True, slots=True)
class Mode:
    """How it is shown: on the wall without names and values, or with every line."""

    wall: bool = False
    everyone: bool = False
    mine: bool = False  # only whom this person watches, or is asked to

    @property
    def query(self) -> str:
        if self.wall:
            return "?wall"
        asked = [name for name, on in (("all", self.everyone), ("mine", self.mine)) if on]
        return f"?{'&'.join(asked)}" if asked else ""

    @property
    def listing(self) -> str:
        """Return the query that shows every line of this choice."""
        return "?all&mine" if self.mine else "?all"


@dataclass(frozen=True, slots=True)
class Tally:
    overdue: int
    expected: int
    arrived: int
    in_treatment: int
    ready: int
    done: int


@dataclass(frozen=True, slots=True)
class Board:
    cards: tuple[Seat, ...]
    lines: tuple[Seat, ...]
    unlisted: int
    tally: Tally
    chairs_in_use: int
    chairs: int
    arrivals: tuple[Arrival, ...]
    tasks: tuple[Waiting, ...]
    failures: tuple[Waiting, ...]
    crises: tuple[Waiting, ...]
    clock_jumped: bool
    mail_is_silent: bool
    site: Site
    own_stay: OnSite | None
    hand_over: Asked | None
    is_asked: bool  # this person, to take over
    gap: str  # nobody is on site while patients are treated
    unwatched: str  # nobody is, and somebody is here who is to be dosed
    cut_at: int  # when there are more people than can be shown
    tag: str
    empty_words: str


def load(clinic: Clinic, user: User, pulse: Pulse, mode: Mode) -> Board:
    site = pulse.site
    rows = present.present(clinic, pulse.now, pulse.clock_jumped_at, on_site=not site.is_empty)
    shown = seats.seats(rows, pulse.now)
    roles = user.roles_by_clinic.get(clinic.pk, frozenset())
    side = beside.read(clinic, roles, pulse.day_begin, pulse.day_end, pulse.now)
    tag = polling.tag(state(pulse, clinic, user, mode), _changes_at(shown, side, pulse))
    treated = any(row.status in DOSED for row in rows)
    if not user.may(SEES_VALUES, clinic.pk) or mode.wall:
        shown = [_without_values(one, alarm=mode.wall and one.alarm) for one in shown]
    tally = _tally(shown, pulse.counts)
    if mode.mine and not mode.wall:
        shown = [one for one in shown if one.is_of(user.pk)]
    knows = user.may(urgent.KNOWS, clinic.pk)
    listed = len(shown) if mode.everyone else CARDS + LINES
    return Board(
        cards=tuple(shown[:CARDS]),
        lines=tuple(shown[CARDS:listed]),
        unlisted=len(shown[listed:]),
        tally=tally,
        chairs_in_use=len({row.chair_id for row in rows if _is_seated(row)}),
        chairs=pulse.chairs,
        arrivals=side.arrivals,
        tasks=() if mode.wall else side.tasks,
        failures=() if mode.wall else side.failures,
        crises=urgent.nameless(side.crises) if mode.wall else urgent.told(side.crises, knows=knows),
        clock_jumped=bool(pulse.clock_jumped_at and pulse.clock_jumped_at >= pulse.day_begin),
        mail_is_silent=pulse.mail_is_silent and not mode.wall,
        site=site,
        own_stay=site.stay_of(user),
        hand_over=pulse.hand_over,
        is_asked=bool(pulse.hand_over and pulse.hand_over.to_id == user.pk),
        gap=site.warning if treated else "",
        unwatched=site.warning if rows and not treated else "",
        cut_at=MOST if len(rows) == MOST else 0,
        tag=tag,
        empty_words=NO_PATIENTS_OF_MINE if mode.mine else NOBODY,
    )


def state(pulse: Pulse, clinic: Clinic, user: User, mode: Mode) -> tuple[object, ...]:
    """Return all that the board depends on, apart from the time."""
    roles = sorted(user.roles_by_clinic.get(clinic.pk, ()))
    rows = pulse.day_begin, pulse.clock_jumped_at, pulse.digest
    return clinic.pk, clinic.time_zone, user.pk, mode.query, *rows, *roles


def _changes_at(shown: list[Seat], side: Beside, pulse: Pulse) -> datetime:
    """Return when time alone changes the board: at midnight at the latest."""
    moments = [one.changes_at for one in shown if one.changes_at]
    moments += [pulse.site.changes_at] if pulse.site.changes_at else []
    moments += [one.starts_at for one in side.arrivals if one.starts_at > pulse.now]
    moments += [one.due_at for one in side.crises if one.due_at > pulse.now]
    return min([*moments, pulse.day_end])


def _without_values(one: Seat, *, alarm: bool) -> Seat:
    """Leave who, where and how far; the wall goes on alarming, without saying what is wrong."""
    return replace(
        one,
        evidence=None,
        alarm=alarm,
        alerts=(),
        watched=(),
        call="",
        standing=None,
        unmet=(),
        next_words=one.next_words if one.state != Status.CLEARED else "",
        words=one.words if alarm or not one.alarm else "",
    )


def _is_seated(row: PresentSession) -> bool:
    """Say whether somebody in treatment sits on a chair of the clinic rather than elsewhere."""
    return row.status in IN_TREATMENT and row.chair_id is not None


def _tally(shown: list[Seat], counts: dict[str, int]) -> Tally:
    return Tally(
        overdue=sum(one.overdue or one.alarm for one in shown),
        expected=counts.get(Status.PLANNED, 0),
        arrived=counts.get(Status.CHECKED_IN, 0),
        in_treatment=sum(counts.get(status, 0) for status in IN_TREATMENT),
        ready=sum(one.ready for one in shown),
        done=sum(counts.get(ending, 0) for ending in ENDINGS),
    )
