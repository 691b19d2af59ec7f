"""A course on paper: every date and dose that a protocol gives, with nobody's data."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sessions.dosing import DoseChoice, dose_options
from sessions.planning import Calendar, Course, Plan, PlannedSession, ProtocolSpec, plan
from sessions.plans import say


@dataclass(frozen=True, slots=True)
class SimulatedSession:
    planned: PlannedSession
    doses: tuple[DoseChoice, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    spec: ProtocolSpec
    version: int | None
    course: Course
    plan: Plan
    sessions: tuple[SimulatedSession, ...]


def simulate(
    spec: ProtocolSpec, course: Course, calendar: Calendar, *, version: int | None = None
) -> Simulation:
    """Plan the course and list the doses of each session; raise PlanningError or DosingError."""
    made = plan(spec, course, calendar)
    sessions = tuple(
        SimulatedSession(
            planned,
            dose_options(
                planned.phase,
                planned.number,
                course.age_on(planned.placed_on or planned.nominal_on),
                course.weight_kg,
            ),
        )
        for planned in made.sessions
    )
    return Simulation(spec, version, course, made, sessions)


def as_json(simulation: Simulation) -> dict[str, Any]:
    """Return plain values with stable keys; dates are ISO, unknown values null."""
    return {
        "protocol": simulation.spec.key,
        "version": simulation.version,
        "start": simulation.course.starts_on.isoformat(),
        "sessions": [_session(session) for session in simulation.sessions],
        "unplaced": [session.number for session in simulation.plan.unplaced],
        "warnings": [
            {"code": warning.code, "text": warning.text, "number": warning.number}
            for warning in simulation.plan.warnings
        ],
        "open_ended": simulation.plan.open_ended,
    }


def _session(session: SimulatedSession) -> dict[str, Any]:
    planned = session.planned
    return {
        "number": planned.number,
        "phase": planned.phase.name,
        "number_in_phase": planned.number_in_phase,
        "week": planned.week,
        "nominal_on": planned.nominal_on.isoformat(),
        "placed_on": _iso(planned.placed_on),
        "window": [day.isoformat() for day in planned.window],
        "shift_days": planned.shift_days if planned.placed_on else None,
        "doses": [_dose(dose) for dose in session.doses],
        "trace": [
            {"rule": step.rule, "text": step.text, "anchor": _iso(step.anchor)}
            for step in planned.trace
        ],
        "unplaced_reason": planned.unplaced_reason,
    }


def _dose(dose: DoseChoice) -> dict[str, Any]:
    given = dose.infusion
    return {
        "label": dose.label,
        "mg": _number(dose.mg),
        "devices": dose.devices,
        "mg_per_kg": _number(dose.option.mg_per_kg),
        "weight_kg": _number(given.weight_kg) if given else None,
        "mg_per_ml": _number(given.mg_per_ml) if given else None,
        "ml": _number(given.ml) if given else None,
        "ml_per_hour": _number(given.ml_per_hour) if given else None,
        "minutes": dose.option.minutes,
        "needs": list(dose.needs),
        "is_default": dose.is_default,
        "caution": dose.caution,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _number(value: Decimal | None) -> int | float | None:
    """Return a JSON number that reads as the decimal does."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def as_text(simulation: Simulation) -> Iterator[str]:
    spec, course = simulation.spec, simulation.course
    version = f"version {simulation.version}" if simulation.version else "as shipped"
    yield f"{spec.title} ({spec.key}, {version})"
    yield f"Day 1: {say(course.starts_on)}"
    for session in simulation.sessions:
        yield ""
        yield from _session_text(session)
    yield ""
    placed, unplaced = len(simulation.plan.placed), len(simulation.plan.unplaced)
    more = "; the last phase has no end" if simulation.plan.open_ended else ""
    yield f"{placed} sessions placed, {unplaced} without a date{more}."
    for warning in simulation.plan.warnings:
        yield f"Warning: {warning.text}"


def say_shift(days: int) -> str:
    """Return "1 day later", "2 days earlier"."""
    number = abs(days)
    return f"{number} day{'s' if number > 1 else ''} {'later' if days > 0 else 'earlier'}"


def _session_text(session: SimulatedSession) -> Iterator[str]:
    planned = session.planned
    placed = say(planned.placed_on) if planned.placed_on else "NO DATE"
    shift = f", {say_shift(planned.shift_days)}" if planned.shift_days else ""
    yield (
        f"{planned.number:>3}  {placed:<16} {planned.phase.name} {planned.number_in_phase}, "
        f"week {planned.week}{shift}"
    )
    window = f"{say(planned.window[0])} to {say(planned.window[1])}"
    yield f"     nominal {say(planned.nominal_on)}, window {window}"
    for step in planned.trace:
        yield f"     - {step.text}"
    for dose in session.doses:
        default = " (default)" if dose.is_default else ""
        needs = f" [needs {' and '.join(dose.needs)}]" if dose.needs else ""
        caution = f" Caution: {dose.caution}" if dose.caution else ""
        yield f"     dose: {dose.label}{default}{needs}{caution}"
