"""The steps of a visit, with what each still lacks."""

from dataclasses import dataclass
from datetime import datetime

from desk.sheet import Sheet
from sessions.lifecycle import DOSED, ENDINGS, Status
from sessions.services.signing import SIGN


@dataclass(frozen=True, slots=True)
class RailStep:
    words: str
    state: str  # done, now, open
    at: datetime | None = None
    lacks: tuple[str, ...] = ()


ORDER = ("Arrive", "Pre-dose", "Dose", "Monitor", "Discharge", "Sign")
NOW = {
    Status.PLANNED: 0,
    Status.CHECKED_IN: 1,
    Status.CLEARED: 2,
    Status.DOSING: 2,
    Status.MONITORING: 3,
}


def rail(sheet: Sheet) -> list[RailStep]:
    """Return the steps of the visit with what each still lacks."""
    signed = getattr(sheet.treatment_session, "signature", None)
    now = NOW.get(Status(sheet.status), 5 if sheet.waits_for_signature else len(ORDER))
    if sheet.gate is not None and sheet.status == Status.MONITORING and sheet.gate.ready:
        now = 4
    lacks = _lacks(sheet)
    taken = {change.to_status: change.at for change in sheet.changes}
    at = (
        sheet.treatment_session.arrived_at,
        taken.get(Status.CLEARED),
        sheet.first_dose,
        None,
        sheet.treatment_session.ended_at if sheet.record.administrations else None,
        signed.signed_at if signed else None,
    )
    return [
        RailStep(
            words,
            _state(sheet, place, now),
            at[place],
            lacks[place],
        )
        for place, words in enumerate(ORDER)
    ]


def _state(sheet: Sheet, place: int, now: int) -> str:
    """Steps that an early ending left out stay open."""
    if place == now:
        return "now"
    if place > now:
        return "open"
    ended_early = sheet.status in ENDINGS and not sheet.record.administrations
    arrived = place == 0 and sheet.treatment_session.arrived_at is not None
    signed = place == 5 and sheet.treatment_session.is_signed
    return "open" if ended_early and not arrived and not signed else "done"


def _lacks(sheet: Sheet) -> tuple[tuple[str, ...], ...]:
    to_come = sum(c.is_open and c.anchor != "before_dose" for c in sheet.due)
    overdue = sum(c.state == "overdue" and c.anchor != "before_dose" for c in sheet.due)
    monitored = sheet.gate is not None and sheet.status == Status.MONITORING
    open_conditions = len(sheet.gate.unmet) if sheet.gate and monitored else 0
    readings = [f"{to_come} reading{'s' if to_come > 1 else ''} to come"] if to_come else []
    if overdue:
        readings.insert(0, f"{overdue} overdue")
    in_treatment = sheet.status in DOSED
    return (
        (),
        (f"{len(sheet.unmet)} open",) if sheet.unmet else (),
        (sheet.dose_words,) if sheet.dose_words else (),
        tuple(readings) if in_treatment else (),
        (f"{open_conditions} open",) if open_conditions else (),
        ("prescriber",) if sheet.waits_for_signature and not sheet.may(SIGN) else (),
    )
