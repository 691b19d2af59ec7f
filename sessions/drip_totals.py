"""How much of an infusion has run: by its rates, beside what the pump showed; pure.

Volumes are in mL and doses in mg, to a tenth, half up. A pause gives nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Protocol

from clinic.numbers import tenths

HOUR = Decimal(3600)
RUNNING = frozenset({"start", "rate", "resume"})


class Step(Protocol):
    """A step as it stands: its kind, when it was, the rate from then on, the volume at the end."""

    kind: str
    at: datetime
    rate_ml_h: Decimal | None
    given_ml: Decimal | None


@dataclass(frozen=True, slots=True)
class Totals:
    prepared_ml: Decimal
    by_rates_ml: Decimal
    recorded_ml: Decimal | None  # as the pump showed it at the stop; None while it isn't stopped
    mg_per_ml: Decimal

    @property
    def given_ml(self) -> Decimal:
        return self.by_rates_ml if self.recorded_ml is None else self.recorded_ml

    @property
    def given_mg(self) -> Decimal:
        return tenths(self.given_ml * self.mg_per_ml)

    @property
    def is_stopped(self) -> bool:
        return self.recorded_ml is not None


def totals(
    steps: Sequence[Step],
    *,
    began: datetime,
    dose_mg: Decimal,
    mg_per_ml: Decimal,
    until: datetime,
) -> Totals:
    """Add up the steps in their order; `began` is the start as it was corrected.

    An infusion that still runs counts up to `until`, and never beyond what was prepared.
    """
    prepared = tenths(dose_mg / mg_per_ml)
    stop = next((step for step in steps if step.kind == "stop"), None)
    ran = tenths(_volume(steps, began, until))
    if stop is None:
        return Totals(prepared, min(ran, prepared), None, mg_per_ml)
    return Totals(prepared, ran, stop.given_ml or Decimal(0), mg_per_ml)


def _volume(steps: Sequence[Step], began: datetime, until: datetime) -> Decimal:
    starts = [began if step.kind == "start" else step.at for step in steps]
    ran = Decimal(0)
    for (step, at), (_, ends) in pairwise([*zip(steps, starts, strict=True), (None, until)]):
        if step is not None and step.kind in RUNNING and step.rate_ml_h:
            seconds = max((ends - at).total_seconds(), 0)
            ran += step.rate_ml_h * Decimal(seconds) / HOUR
    return ran
