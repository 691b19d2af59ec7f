"""The protocols that Taper ships: one JSON file each, every value beside its source.

In a file, `{"value": 2, "source": "..."}` becomes the plain value; the source goes to `sources`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from sessions.specs import DoseOption, PhaseSpec, ProtocolSpec, check_phases

FOLDER = Path(__file__).parent
DECIMALS = ("mg", "mg_per_kg", "step_mg")
LISTS = ("nominal_days", "rhythm_choices")


def read_all() -> list[ProtocolSpec]:
    return [read(path) for path in sorted(FOLDER.glob("*.json"))]


def read(path: Path) -> ProtocolSpec:
    return parse(json.loads(path.read_text(encoding="utf-8")))


def parse(data: Mapping[str, Any]) -> ProtocolSpec:
    """Return the protocol; TypeError names an unknown or missing key."""
    values, sources = _unwrap(data)
    phases = tuple(_phase(phase, order) for order, phase in enumerate(values["phases"], start=1))
    monitoring, monitoring_sources = _unwrap(values["monitoring"])
    sources |= {f"monitoring.{name}": source for name, source in monitoring_sources.items()}
    check_phases(phases)
    values |= {"phases": phases, "monitoring": monitoring, "sources": sources}
    return ProtocolSpec(**values)


def _phase(data: Mapping[str, Any], order: int) -> PhaseSpec:
    values, sources = _unwrap(data)
    values |= {name: tuple(values[name]) for name in LISTS if name in values}
    values["doses"] = tuple(_dose(dose) for dose in values["doses"])
    return PhaseSpec(order=order, sources=sources, **values)


def _dose(data: Mapping[str, Any]) -> DoseOption:
    values = dict(data)
    values |= {name: Decimal(values[name]) for name in DECIMALS if name in values}
    return DoseOption(**values)


def _unwrap(data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    values, sources = dict(data), {}
    for name, entry in data.items():
        if isinstance(entry, dict) and entry.keys() == {"value", "source"}:
            values[name], sources[name] = entry["value"], entry["source"]
    return values, sources
