"""Rows of the table: a goal, what was found, and whether it is met."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HEADINGS = ("goal", "what", "figure", "floor", "ratio", "limit", "verdict", "")


@dataclass(frozen=True)
class Row:
    goal: str
    what: str
    figure: str
    floor: str = ""
    ratio: float | None = None
    limit: str = ""
    met: bool | None = None  # None: for information
    more: str = ""

    @property
    def verdict(self) -> str:
        return {None: "", True: "meets", False: "MISSES"}[self.met]

    def cells(self) -> tuple[str, ...]:
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (
            self.goal,
            self.what,
            self.figure,
            self.floor,
            ratio,
            self.limit,
            self.verdict,
            self.more,
        )


def at_most(goal: str, what: str, figure: float, limit: float, unit: str, more: str = "") -> Row:
    """A figure that has a limit of its own, whatever the floor needs."""
    number = f"{figure:.0f}" if figure >= 100 or figure == int(figure) else f"{figure:.2f}"
    return Row(
        goal, what, f"{number} {unit}", limit=f"<= {limit:g}", met=figure <= limit, more=more
    )


def failed(goal: str, what: str, reason: str) -> Row:
    return Row(goal, what, "not measured", met=False, more=reason)


def table(rows: Iterable[Row]) -> str:
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_line(cells, widths) for cells in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def summary(rows: Sequence[Row]) -> str:
    judged = [row for row in rows if row.met is not None]
    missed = sorted({row.goal for row in judged if not row.met}, key=lambda goal: int(goal[1:]))
    text = f"{sum(bool(row.met) for row in judged)} of {len(judged)} rows meet their goal"
    return f"{text}; missed in {', '.join(missed)}" if missed else text


def write_json(path: Path, rows: Iterable[Row], about: dict[str, object]) -> None:
    found = {"about": about, "rows": [{**asdict(row), "verdict": row.verdict} for row in rows]}
    path.write_text(json.dumps(found, indent=2) + "\n")
