"""`./dev bench`: the goals of performance, each beside a floor measured in the same run."""

import argparse
import os
import platform
import sys
import time
from pathlib import Path

from bench import memory, pages, report, senders, statements
from bench.clinic import open_clinic, open_floor
from bench.report import Row
from bench.rounds import Plan
from bench.stage import Stage
from ops.errors import ServiceError
from ops.terminal import say

GOALS = ("P1", "P2", "P3", "P4", "P5", "P6", "P7", "P9", "P10", "P11", "P12", "P13")
SMALL = 1000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--patients", type=int, default=10_000, help="in the database (10000)")
    parser.add_argument("--years", type=int, default=2, help="of past sessions (2)")
    parser.add_argument("--growth", action="store_true", help=f"P6: beside one of {SMALL} patients")
    parser.add_argument("--only", default=",".join(GOALS), help="goals, such as P1,P5")
    parser.add_argument("--rounds", type=int, default=5, help="in which targets take turns (5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of one turn (1)")
    parser.add_argument(
        "--requests", type=int, default=3000, help="between weighings of P11 (3000)"
    )
    parser.add_argument("--mails", type=int, default=5000, help="due at once in P9 and P10 (5000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    goals = {goal.strip().upper() for goal in options.only.split(",")}
    if unknown := goals - set(GOALS):
        say(f"no such goal: {', '.join(sorted(unknown))}; there are {', '.join(GOALS)}")
        return 2
    if options.growth and options.patients <= SMALL:
        say(f"--growth needs more than {SMALL} patients")
        return 2
    if not options.growth:
        goals.discard("P6")
    begun = time.monotonic()
    try:
        with Stage() as stage:
            rows = _measure(stage, options, goals)
    except ServiceError as error:
        say(str(error))
        return 1
    print(f"\n{report.table(rows)}\n\n{report.summary(rows)}")
    say(f"{time.monotonic() - begun:.0f} s in all")
    if options.json:
        report.write_json(options.json, rows, _about(options))
    return 0


def _measure(stage: Stage, options: argparse.Namespace, goals: set[str]) -> list[Row]:
    say(f"{stage.services.database}, {stage.services.broker}, 2 gunicorn sync workers each")
    floor = open_floor(stage, options.patients)
    clinic = open_clinic(stage, options.patients, options.years)
    small = open_clinic(stage, SMALL, options.years) if "P6" in goals else None
    plan = Plan(rounds=options.rounds, seconds=options.seconds)
    rows: list[Row] = []
    if pages.wanted_pages(goals):
        rows += pages.run(clinic, small, floor, stage.database_pid, plan, goals)
    if "P7" in goals:
        rows += statements.run(stage, clinic)
    if "P11" in goals:
        rows += memory.run(clinic, floor, options.requests)
    if "P12" in goals:
        rows += pages.sizes(clinic)
    if {"P9", "P10"} & goals:
        with senders.open_post(stage, clinic, floor) as post:
            found = senders.run(post, options.mails)
        rows += [row for row in found if row.goal in goals]
    return sorted(rows, key=lambda row: int(row.goal[1:] or 0))


def _about(options: argparse.Namespace) -> dict[str, object]:
    return {
        "patients": options.patients,
        "rounds": options.rounds,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


if __name__ == "__main__":
    sys.exit(main())
