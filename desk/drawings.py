"""Geometry of the vital-sign graph: values and times in, coordinates of an SVG out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from monitoring.readings import Reading, Settings

WIDTH, LEFT, RIGHT = 640, 34, 74
BP_LOW, BP_HIGH, BP_LOW_Y, BP_HIGH_Y = 40, 200, 262, 82
SPO2_LOW, SPO2_HIGH, SPO2_LOW_Y, SPO2_HIGH_Y = 88, 100, 62, 14
SHORTEST = timedelta(hours=2, minutes=30)
MOST_TICKS = 8
LANES_FROM, LANE = 296, 16
IN_LANES = {
    "resp_rate": "Resp.",
    "temperature": "°C",
    "sedation": "MOAA",
    "dissociation": "Diss.",
}


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    at: datetime


@dataclass(frozen=True, slots=True)
class GridLine:
    y: float
    label: int


@dataclass(frozen=True, slots=True)
class Limit:
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Point:
    """One reading; a coordinate is None where the value was not obtained."""

    x: float
    systolic: float | None
    diastolic: float | None
    pulse: float | None
    spo2: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """An infusion, up to now while it runs."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    words: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A measure below the curves, as a number under the time of each set."""

    y: int
    label: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """The last value of a curve, written at its end."""

    y: float
    css: str
    words: str


@dataclass(frozen=True, slots=True)
class Graph:
    left: int
    right: int
    ticks: tuple[Tick, ...]
    grid: tuple[GridLine, ...]
    limits: tuple[Limit, ...]
    spo2_top: float
    window_x: float | None
    window_width: float
    doses: tuple[float, ...]
    now_x: float | None
    points: tuple[Point, ...]
    bands: tuple[str, ...]
    pressures: tuple[str, ...]
    pulses: tuple[str, ...]
    spo2s: tuple[str, ...]
    names: tuple[Name, ...]
    infusions: tuple[Span, ...]
    events: tuple[Mark, ...]
    lanes: tuple[Lane, ...]
    bottom: int  # of the whole drawing


def vital_graph(
    readings: Sequence[Reading],
    doses: Sequence[datetime],
    settings: Settings,
    *,
    begin: datetime,
    now: datetime,
    ended: bool = False,
    infusions: Iterable[tuple[datetime, datetime | None]] = (),
    events: Iterable[tuple[datetime, str]] = (),
) -> Graph:
    """Draw all readings from `begin` on; a missing value leaves a gap, never a line through it."""
    shown = sorted(readings, key=lambda reading: reading.observed_at)
    x = TimeScale(begin, _end(begin, shown, doses, settings, now, ended=ended) - begin)
    points = tuple(_point(reading, x) for reading in shown)
    window_x, window_width = _window(doses, settings, x)
    return Graph(
        left=LEFT,
        right=WIDTH - RIGHT,
        ticks=tuple(x.ticks()),
        grid=tuple(GridLine(_pressure_y(value), value) for value in (60, 100, 140, 180)),
        limits=_limits(settings),
        spo2_top=_spo2_y(SPO2_HIGH),
        window_x=window_x,
        window_width=window_width,
        doses=tuple(x(at) for at in doses),
        now_x=None if ended else x(now),
        points=points,
        bands=_bands(points),
        pressures=(*_lines(points, "systolic"), *_lines(points, "diastolic")),
        pulses=_lines(points, "pulse"),
        spo2s=_lines(points, "spo2"),
        names=_names(shown),
        infusions=tuple(
            Span(x(start), max(2.0, round(x(end or now) - x(start), 1))) for start, end in infusions
        ),
        events=tuple(Mark(x(at), words) for at, words in events),
        lanes=(lanes := tuple(_lanes(shown, x))),
        bottom=LANES_FROM + LANE * len(lanes),
    )


def _end(
    begin: datetime,
    shown: Sequence[Reading],
    doses: Sequence[datetime],
    settings: Settings,
    now: datetime,
    *,
    ended: bool,
) -> datetime:
    last = max([reading.observed_at for reading in shown] + list(doses), default=begin)
    minimum = timedelta(minutes=settings.min_minutes_after_last_dose + 15)
    expected = max(doses) + minimum if doses else begin
    return max(begin + SHORTEST, last, expected, begin if ended else now)


@dataclass(frozen=True, slots=True)
class TimeScale:
    begin: datetime
    length: timedelta

    def __call__(self, at: datetime) -> float:
        share = min(1.0, max(0.0, (at - self.begin) / self.length))
        return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)

    def ticks(self) -> Iterable[Tick]:
        """Mark every half hour, or every hour or more where that would be too dense."""
        half_hours = self.length / timedelta(minutes=30)
        step = timedelta(minutes=30 * max(1, ceil(half_hours / MOST_TICKS)))
        moments = [self.begin + step * n for n in range(self.length // step + 1)]
        return [Tick(self(at), at) for at in moments]


def _scale(value: float, low: float, high: float, low_y: float, high_y: float) -> float:
    held = min(high, max(low, value))
    return round(low_y - (held - low) * (low_y - high_y) / (high - low), 1)


def _pressure_y(value: float) -> float:
    return _scale(value, BP_LOW, BP_HIGH, BP_LOW_Y, BP_HIGH_Y)


def _spo2_y(value: float) -> float:
    return _scale(value, SPO2_LOW, SPO2_HIGH, SPO2_LOW_Y, SPO2_HIGH_Y)


def _point(reading: Reading, x: TimeScale) -> Point:
    pulse, spo2 = reading.pulse, reading.spo2
    return Point(
        x=x(reading.observed_at),
        systolic=_pressure_y(reading.bp.systolic) if reading.bp else None,
        diastolic=_pressure_y(reading.bp.diastolic) if reading.bp else None,
        pulse=None if pulse is None else _pressure_y(pulse),
        spo2=None if spo2 is None else _spo2_y(spo2),
    )


def _runs(points: Iterable[Point], measure: str) -> list[list[Point]]:
    """Split the points where the value is missing."""
    runs: list[list[Point]] = [[]]
    for point in points:
        if getattr(point, measure) is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if len(run) > 1]


def _lines(points: Iterable[Point], measure: str) -> tuple[str, ...]:
    return tuple(
        " ".join(f"{point.x},{getattr(point, measure)}" for point in run)
        for run in _runs(points, measure)
    )


def _bands(points: Iterable[Point]) -> tuple[str, ...]:
    """Close the area between systolic and diastolic."""
    return tuple(
        " ".join(
            [
                *(f"{point.x},{point.systolic}" for point in run),
                *(f"{point.x},{point.diastolic}" for point in reversed(run)),
            ]
        )
        for run in _runs(points, "systolic")
    )


def _window(
    doses: Sequence[datetime], settings: Settings, x: TimeScale
) -> tuple[float | None, float]:
    if not doses:
        return None, 0
    opens = x(min(doses) + timedelta(minutes=settings.peak_window_from))
    closes = x(min(doses) + timedelta(minutes=settings.peak_window_to))
    return opens, round(closes - opens, 1)


def _limits(settings: Settings) -> tuple[Limit, ...]:
    return (
        Limit(
            _pressure_y(settings.bp_discharge_systolic),
            f"systolic {settings.bp_discharge_systolic}",
        ),
        Limit(
            _pressure_y(settings.bp_discharge_diastolic),
            f"diastolic {settings.bp_discharge_diastolic}",
        ),
        Limit(_spo2_y(settings.spo2_min), f"SpO₂ {settings.spo2_min} %"),
        Limit(_pressure_y(settings.alert_systolic), f"critical from {settings.alert_systolic}"),
    )


def _lanes(shown: Sequence[Reading], x: TimeScale) -> Iterable[Lane]:
    """Leave out a measure that nobody took."""
    y = LANES_FROM
    for measure, label in IN_LANES.items():
        known = [r for r in shown if getattr(r, measure) is not None]
        if known:
            y += LANE
            marks = tuple(Mark(x(r.observed_at), str(getattr(r, measure))) for r in known)
            yield Lane(y, label, marks)


def _names(shown: Sequence[Reading]) -> tuple[Name, ...]:
    """Write each curve's last value beside its end, apart from each other."""
    pressure = next((r.bp for r in reversed(shown) if r.bp), None)
    pulse = next((r.pulse for r in reversed(shown) if r.pulse is not None), None)
    spo2 = next((r.spo2 for r in reversed(shown) if r.spo2 is not None), None)
    names = []
    if spo2 is not None:
        names.append(Name(_spo2_y(spo2), "is-spo2", f"SpO₂ {spo2}"))
    if pressure:
        names.append(Name(_pressure_y(pressure.systolic), "is-bp", f"BP {pressure}"))
    if pulse is not None:
        names.append(Name(_pressure_y(pulse), "is-pulse", f"Pulse {pulse}"))
    return tuple(_apart(names))


def _apart(names: Iterable[Name], distance: float = 15) -> Iterable[Name]:
    last = float("-inf")
    for name in sorted(names, key=lambda name: name.y):
        y = max(name.y, last + distance)
        last = y
        yield Name(y, name.css, name.words)
