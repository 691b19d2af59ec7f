"""Work that waits for the staff of an invented practice: asked for by the product's own words."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from desk.demo.story import Told
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.services import asks
from sessions.services.booking import ask_about_dates
from sessions.services.drafts import DraftRow

RECENT = timedelta(days=4)


def ask(courses: Iterable[Told], unsigned: Iterable[TreatmentSession], now: datetime) -> None:
    """Open, inside `acting`, what the product asks for after such saved sessions."""
    for told in courses:
        ask_about_dates(told.course, [DraftRow(planned) for planned in told.unplaced], now)
        for treatment_session in told.sessions:
            _ask_after(treatment_session, now)
    for treatment_session in unsigned:
        if treatment_session.doses.exists():
            asks.to_sign(treatment_session, treatment_session.ended_at or now)


def _ask_after(treatment_session: TreatmentSession, now: datetime) -> None:
    at = treatment_session.ended_at or now
    if treatment_session.status == Status.NO_SHOW and at > now - RECENT:
        asks.to_call_who_stayed_away(treatment_session, at)
    if treatment_session.status == Status.LEFT_AGAINST_ADVICE:
        asks.to_call_who_left(treatment_session, at)
    if treatment_session.outside_gate:
        asks.to_review(treatment_session, at, "Device 2 was given outside the gate")
