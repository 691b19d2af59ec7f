"""The steps of an infusion as they stand, and as they were corrected."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from sessions.drip_totals import Totals, totals
from sessions.models import Dose, InfusionEvent, TreatmentSession

Kind = InfusionEvent.Kind
# What may follow what; the stop ends it.
NEXT: dict[str, tuple[Kind, ...]] = {
    Kind.START: (Kind.STOP, Kind.PAUSE, Kind.RATE),
    Kind.RATE: (Kind.STOP, Kind.PAUSE, Kind.RATE),
    Kind.PAUSE: (Kind.RESUME, Kind.STOP),
    Kind.RESUME: (Kind.STOP, Kind.PAUSE, Kind.RATE),
    Kind.STOP: (),
}


def in_order(events: Iterable[InfusionEvent]) -> list[InfusionEvent]:
    """Return what stands of all rows of a session, as it was taken.

    A correction keeps the place of what it corrects: several steps may share a minute.
    """
    return sorted((line[-1] for line in numbered(events).values()), key=lambda e: e.dose.number)


def steps_of(treatment_session: TreatmentSession, number: int) -> list[InfusionEvent]:
    """Return the standing steps of one infusion."""
    events = InfusionEvent.objects.filter(treatment_session=treatment_session, dose__number=number)
    return in_order(events.select_related("dose"))


def ran(dose: Dose, steps: Sequence[InfusionEvent], until: datetime) -> Totals:
    """Return what of a standing infusion has run by then, from its own standing steps."""
    return totals(
        steps,
        began=dose.given_at,
        dose_mg=dose.dose_mg,
        mg_per_ml=dose.concentration_mg_ml or Decimal(1),
        until=until,
    )


def began(treatment_session: TreatmentSession, step: InfusionEvent) -> datetime:
    """Return when a step was taken; the start moves with a correction of the infusion."""
    if step.kind != Kind.START:
        return step.at
    doses = Dose.objects.filter(treatment_session=treatment_session, number=step.dose.number)
    dose = doses.standing().first()
    return dose.given_at if dose else step.at


def numbered(events: Iterable[InfusionEvent]) -> dict[int, list[InfusionEvent]]:
    """Return the steps of a session by number, each as the line of its rows, the standing one last.

    A correction keeps the number of what it corrects.
    """
    lines: dict[int, list[InfusionEvent]] = {}
    numbers: dict[int, int] = {}
    for event in sorted(events, key=lambda event: event.pk):
        number = numbers[event.supersedes_id] if event.supersedes_id else len(lines) + 1
        numbers[event.pk] = number
        lines.setdefault(number, []).append(event)
    return lines
