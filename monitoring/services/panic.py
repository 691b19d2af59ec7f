"""Panic and anxiety in a session: begun, answered step by step, ended."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.words import explains
from monitoring import reviewed
from monitoring.models import PanicEntry, PanicEpisode
from monitoring.models.panic import END, PEAK, SUDS
from monitoring.services import events, taps
from sessions.models import TreatmentSession
from sessions.services import steps

RECORD = "monitoring.record_vitals"
TERM = "Panic or anxiety"
TAPS = taps.codes("panic", "steps") | {SUDS, PEAK}


@dataclass(frozen=True, slots=True)
class Began:
    severity: str
    onset_at: datetime | None = None
    trigger: str = ""
    symptoms: Collection[str] = ()
    suds: int | None = None


def begin(pk: int, began: Began, *, by: User, entry: Submission | None = None) -> PanicEpisode:
    """Record that it began, with the adverse event that stands at the door."""
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, RECORD)
        now = clock.now()
        if open_episodes(treatment_session).exists():
            raise ValidationError("An episode is open: go on there, or record its end first.")
        reported = events.Reported(TERM, began.severity, onset_at=began.onset_at)
        event = events.add(treatment_session, reported, by=by, now=now)
        episode = PanicEpisode.objects.create(
            treatment_session=treatment_session,
            onset_at=event.onset_at,
            trigger=began.trigger.strip(),
            symptoms=list(began.symptoms),
            event=event,
            recorded_by=by,
            recorded_at=now,
        )
        audit.record("panic.began", subject=treatment_session)
        if began.suds is not None:
            _tap(episode, SUDS, by=by, suds=began.suds)
        return episode


def step(
    episode: PanicEpisode,
    code: str,
    *,
    by: User,
    text: str = "",
    suds: int | None = None,
    entry: Submission | None = None,
) -> PanicEntry:
    """Record a step, a score or the peak, just now."""
    with acting(by, entry):
        steps.lock_for(episode.treatment_session_id, by, RECORD)
        _refuse_closed(episode)
        if code == END:
            raise ValidationError("Record how it ended in the form for it.", code="end")
        if (code == SUDS) != (suds is not None):
            raise ValidationError("A SUDS score is 0 to 10.", code="suds")
        return _tap(episode, code, by=by, text=text, suds=suds)


def undo(row: PanicEntry, *, by: User, entry: Submission | None = None) -> PanicEntry:
    with acting(by, entry):
        treatment_session = steps.lock_for(row.treatment_session_id, by, RECORD)
        _refuse_closed(row.episode)
        return taps.undo(row, "episode", treatment_session, by=by, suds=row.suds)


def end(
    episode: PanicEpisode,
    *,
    outcome: str,
    by: User,
    next_session: str = "",
    text: str = "",
    entry: Submission | None = None,
) -> PanicEntry:
    """Record that it is over, and with it the end of its adverse event."""
    with acting(by, entry):
        treatment_session = steps.lock_for(episode.treatment_session_id, by, RECORD)
        _refuse_closed(episode)
        ended = _tap(episode, END, by=by, text=text, outcome=outcome, next_session=next_session)
        (words,) = reviewed.words_of("panic", "outcomes", [outcome])
        if episode.event.resolved_at is None:
            events.end(treatment_session, episode.event, words, by=by)
        return ended


def enter_in_error(
    episode: PanicEpisode, reason: str, *, by: User, entry: Submission | None = None
) -> PanicEpisode:
    """Take an episode back with its adverse event; both stay readable."""
    with acting(by, entry):
        treatment_session = steps.lock_for(episode.treatment_session_id, by, RECORD)
        if not explains(reason):
            raise ValidationError({"reason": "Say why this was wrong."})
        if not PanicEpisode.objects.standing().filter(pk=episode.pk).exists():
            raise ValidationError("This was entered in error already.", code="in_error")
        now = clock.now()
        error = PanicEpisode.objects.create(
            treatment_session=treatment_session,
            onset_at=episode.onset_at,
            trigger=episode.trigger,
            symptoms=episode.symptoms,
            event=episode.event,
            recorded_by=by,
            recorded_at=now,
            supersedes=episode,
            reason=reason.strip(),
            entered_in_error=True,
        )
        audit.record("panic.entered_in_error", subject=treatment_session)
        events.take_back(treatment_session, episode.event, reason, by=by)
        return error


def open_episodes(treatment_session: TreatmentSession) -> QuerySet[PanicEpisode]:
    over = PanicEntry.objects.standing().filter(code=END).values("episode")
    rows = PanicEpisode.objects.standing().filter(treatment_session=treatment_session)
    return rows.exclude(pk__in=over)


def _tap(
    episode: PanicEpisode, code: str, *, by: User, text: str = "", **values: Any
) -> PanicEntry:
    told = {"by": by, "text": text, "episode": episode, **values}
    return taps.tap(PanicEntry, episode.treatment_session, code, among=TAPS | {END}, **told)


def _refuse_closed(episode: PanicEpisode) -> None:
    if not open_episodes(episode.treatment_session).filter(pk=episode.pk).exists():
        raise ValidationError("This episode is over.", code="over")
