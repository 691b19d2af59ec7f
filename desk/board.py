"""Today at one clinic: who is here, who comes next, what waits for me."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet

from clinic.models import Clinic, User
from desk import polling, present, seats
from desk.pulse import Pulse
from desk.seats import Seat
from patients.models import Task
from patients.naming import initials, list_name
from sessions.lifecycle import ENDINGS, Status
from sessions.models import TreatmentSession
from sessions.naming import step_label

CARDS = 10  # the most urgent as cards, the others as lines
LINES = 30
ARRIVALS = 8
TASKS = 6
FAILURES = 4
SEES_VALUES = "monitoring.view_vitalsigns"


@dataclass(frozen=True, slots=True)
class Mode:
    """How it is shown: on the wall without names and values, or with every line."""

    wall: bool = False
    everyone: bool = False

    @property
    def query(self) -> str:
        return "?wall" if self.wall else "?all" if self.everyone else ""


@dataclass(frozen=True, slots=True)
class Arrival:
    public_id: str
    name: str
    initials: str
    step: str
    place: str
    starts_at: datetime
    late: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task as the board shows it."""

    public_id: str
    name: str
    text: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    overdue: int
    expected: int
    arrived: int
    in_chair: int
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
    clock_jumped: bool
    mail_is_silent: bool
    cut_at: int  # when there are more people than can be shown
    tag: str


def load(clinic: Clinic, user: User, pulse: Pulse, mode: Mode) -> Board:
    rows = present.present(clinic, pulse.now, pulse.clock_jumped_at)
    shown = seats.seats(rows, pulse.now)
    arrivals = _arrivals(clinic, pulse)
    tag = polling.tag(state(pulse, clinic, user, mode), _changes_at(shown, arrivals, pulse))
    if not user.may(SEES_VALUES, clinic.pk) or mode.wall:
        shown = [_without_values(one, alarm=mode.wall and one.alarm) for one in shown]
    listed = len(shown) if mode.everyone else CARDS + LINES
    return Board(
        cards=tuple(shown[:CARDS]),
        lines=tuple(shown[CARDS:listed]),
        unlisted=len(shown[listed:]),
        tally=_tally(shown, pulse.counts),
        chairs_in_use=len({one.chair_id for one in shown if one.chair_id is not None}),
        chairs=pulse.chairs,
        arrivals=tuple(arrivals),
        tasks=() if mode.wall else _waiting(_my_tasks(clinic, user)[:TASKS]),
        failures=() if mode.wall else _waiting(_failures(clinic)[:FAILURES]),
        clock_jumped=bool(pulse.clock_jumped_at and pulse.clock_jumped_at >= pulse.day_begin),
        mail_is_silent=pulse.mail_is_silent and not mode.wall,
        cut_at=present.MOST if len(rows) == present.MOST else 0,
        tag=tag,
    )


def state(pulse: Pulse, clinic: Clinic, user: User, mode: Mode) -> tuple[object, ...]:
    """Return all that the board depends on, apart from the time."""
    roles = sorted(user.roles_by_clinic.get(clinic.pk, ()))
    return clinic.pk, user.pk, mode.query, pulse.day_begin, pulse.digest, *roles


def _changes_at(shown: list[Seat], arrivals: list[Arrival], pulse: Pulse) -> datetime:
    """Return when time alone changes the board: at midnight at the latest."""
    moments = [one.changes_at for one in shown if one.changes_at]
    moments += [one.starts_at for one in arrivals if one.starts_at > pulse.now]
    return min([*moments, pulse.day_end])


def _without_values(one: Seat, *, alarm: bool) -> Seat:
    """Leave who, where and how far; the wall goes on alarming, without saying what is wrong."""
    words = one.next_words if one.state != Status.CLEARED else ""
    told = one.words if alarm or not one.alarm else ""
    return replace(one, values=(), alarm=alarm, alerts=(), blocked=(), next_words=words, words=told)


def _tally(shown: list[Seat], counts: dict[str, int]) -> Tally:
    return Tally(
        overdue=sum(one.overdue for one in shown),
        expected=counts.get(Status.PLANNED, 0),
        arrived=counts.get(Status.CHECKED_IN, 0),
        in_chair=sum(counts.get(s, 0) for s in (Status.CLEARED, Status.DOSING, Status.MONITORING)),
        ready=sum(one.ready for one in shown),
        done=sum(counts.get(ending, 0) for ending in ENDINGS),
    )


def _arrivals(clinic: Clinic, pulse: Pulse) -> list[Arrival]:
    rows = (
        TreatmentSession.objects.filter(clinic=clinic)
        .planned()
        .between(pulse.day_begin, pulse.day_end)
        .order_by("starts_at", "pk")
        .values_list(
            "public_id",
            "patient__given_name",
            "patient__family_name",
            "phase__name",
            "number_in_phase",
            "phase__count",
            "chair__room__name",
            "chair__name",
            "starts_at",
        )[:ARRIVALS]
    )
    return [
        Arrival(
            public_id=str(public_id),
            name=list_name(given, family),
            initials=initials(given, family),
            step=step_label(phase, number, count),
            place=f"{room} · {chair}",
            starts_at=starts_at,
            late=starts_at <= pulse.now,
        )
        for public_id, given, family, phase, number, count, room, chair, starts_at in rows
    ]


def _my_tasks(clinic: Clinic, user: User) -> QuerySet[Task]:
    roles = user.roles_by_clinic.get(clinic.pk, frozenset())
    return (
        Task.objects.open()
        .filter(clinic=clinic, role__in=roles)
        .exclude(kind=Task.Kind.MESSAGE_FAILED)
    )


def _failures(clinic: Clinic) -> QuerySet[Task]:
    """Every failed message leaves one task; it stays here until somebody has dealt with it."""
    return Task.objects.open().filter(clinic=clinic, kind=Task.Kind.MESSAGE_FAILED)


def _waiting(tasks: QuerySet[Task]) -> tuple[Waiting, ...]:
    rows = tasks.values_list(
        "public_id",
        "patient__given_name",
        "patient__family_name",
        "text",
        "due_at",
    )
    return tuple(
        Waiting(str(public_id), list_name(given or "", family or ""), text, due)
        for public_id, given, family, text, due in rows
    )
