"""P1 to P6, P12 and P13: what a page costs beside floor b of the same rounds."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.clinic import Clinic, Floor
from bench.driver import Line
from bench.report import Row, at_most, failed
from bench.rounds import Measured, Place, Plan, Turn, measure
from ops.terminal import say

CLIENTS = (1, 8)
B = "floor b"
PAGES = {
    "board": ("P1", "board, 40 monitored", 6.0),
    "poll": ("P1", "board poll, nothing new", 1.2),
    "list": ("P2", "patient list, first page", 5.0),
    "list middle": ("P2", "patient list, middle page", 5.0),
    "search common": ("P3", "search, common part of a name", 5.0),
    "search rare": ("P3", "search, one person's name", 5.0),
    "search none": ("P3", "search, no match", 5.0),
    "search 2 letters": ("P3", "search, two letters", 5.0),
    "chart": ("P4", "patient chart", 7.0),
    "sheet": ("P4", "session sheet", 7.0),
    "vitals": ("P5", "record vital signs", 3.0),
    "login": ("P13", "sign-in page", 1.0),
}
MOST_GROWTH = 1.25
MOST_KIB = 40


@dataclass(frozen=True)
class Found:
    """What was measured of each page, by the number of clients."""

    by_clients: dict[int, dict[str, Measured]]

    def cpu_ratio(self, name: str, other: str) -> float:
        """Return the worse of the ratios at one client and at several."""
        return max(
            found[name].ratio(found[other], lambda turn: turn.cpu)
            for found in self.by_clients.values()
        )

    def problem(self, name: str) -> str:
        for found in self.by_clients.values():
            if found[name].wrong or not found[name].turns:
                return ", ".join(f"{n}x {what}" for what, n in found[name].wrong.items())
        return ""


def wanted_pages(goals: set[str]) -> list[str]:
    growth = {"P1", "P2", "P3", "P4", "P5"} if "P6" in goals else set()
    return [name for name, (goal, _, _) in PAGES.items() if goal in goals | growth]


def run(
    clinic: Clinic, small: Clinic | None, floor: Floor, database: int, plan: Plan, goals: set[str]
) -> list[Row]:
    """Measure reading first: recorded vital signs make the sheet longer."""
    names = wanted_pages(goals)
    reading = {name: place for name, place in clinic.places().items() if name in names}
    if small:
        reading |= {f"{name} small": p for name, p in small.places().items() if name in names}
    rows = _run(floor.places() | reading, database, plan, goals)
    if "vitals" in names:
        writing = {B: floor.places()[B], "vitals": clinic.vitals()}
        if small:
            writing["vitals small"] = small.vitals()
        rows += _run(writing, database, plan, goals)
    return rows


def _run(places: Mapping[str, Place], database: int, plan: Plan, goals: set[str]) -> list[Row]:
    by_clients = {}
    for clients in CLIENTS:
        say(f"{len(places)} targets in turn, {plan.rounds} rounds, c={clients}")
        by_clients[clients] = measure(places, database, clients=clients, plan=plan)
    return list(_rows(Found(by_clients), goals))


def _rows(found: Found, goals: set[str]) -> list[Row]:
    rows, first = [], found.by_clients[CLIENTS[0]]
    for name in first:
        if name.startswith("floor"):
            rows.append(_floor_row(name, found))
        elif name in PAGES and PAGES[name][0] in goals:
            rows.append(_page_row(name, found))
        if "P6" in goals and f"{name} small" in first:
            rows.append(_growth_row(PAGES[name][1], name, f"{name} small", found))
    if {"P2", "P6"} & goals and {"list", "list middle"} <= set(first):
        rows.append(_growth_row("middle page to first page", "list middle", "list", found))
    return rows


def _page_row(name: str, found: Found) -> Row:
    goal, what, limit = PAGES[name]
    if problem := found.problem(name):
        return failed(goal, what, problem)
    one = found.by_clients[1]
    ratio = found.cpu_ratio(name, B)
    return Row(
        goal,
        what,
        _cpu(one[name]),
        floor=_cpu(one[B]),
        ratio=ratio,
        limit=f"<= {limit:g}",
        met=ratio <= limit,
        more=_elapsed(name, found),
    )


def _floor_row(name: str, found: Found) -> Row:
    return Row("", name, _cpu(found.by_clients[1][name]), more=_elapsed(name, found))


def _growth_row(what: str, large: str, small: str, found: Found) -> Row:
    if problem := found.problem(large) or found.problem(small):
        return failed("P6", f"growth: {what}", problem)
    one, ratio = found.by_clients[1], found.cpu_ratio(large, small)
    return Row(
        "P6",
        f"growth: {what}",
        _cpu(one[large]),
        floor=_cpu(one[small]),
        ratio=ratio,
        limit=f"<= {MOST_GROWTH}",
        met=ratio <= MOST_GROWTH,
        more="the floor is the small database or the first page",
    )


def _cpu(measured: Measured) -> str:
    web = measured.median(lambda turn: turn.cpu_web)
    return f"{web:.2f} + {measured.median(lambda turn: turn.cpu_db):.2f} ms"


def _elapsed(name: str, found: Found) -> str:
    p50 = found.by_clients[1][name].median(lambda turn: turn.p50)
    ratios = [
        f"c={clients}: x{measured[name].ratio(measured[B], _wall):.1f}"
        for clients, measured in found.by_clients.items()
    ]
    return f"p50 {p50:.1f} ms; elapsed {', '.join(ratios)}"


def _wall(turn: Turn) -> float:
    return turn.wall


def sizes(clinic: Clinic) -> list[Row]:
    """P12: bytes before compression."""
    rows = []
    for name, target in clinic.pages().items():
        if name in {"board", "list", "list middle", "search common"}:
            body = Line(target.port).ask(target.request()).body
            rows.append(
                at_most("P12", f"size: {PAGES[name][1]}", len(body) / 1024, MOST_KIB, "KiB")
            )
    return rows
