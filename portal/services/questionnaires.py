"""Questionnaires that a patient answers alone: each is kept as soon as it is sent."""

from dataclasses import dataclass
from datetime import datetime

from outcomes import planning, services
from outcomes.instruments import Instrument
from outcomes.models import Assessment
from outcomes.scoring import Answers, unanswered
from portal.services import helping
from portal.services.visitor import answering, heard
from reminders import charted
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message


@dataclass(frozen=True, slots=True)
class State:
    """What waits for the patient, whichever mail asked for it, and what came by this link."""

    waiting: list[Instrument]
    answered: list[Assessment]  # the latest first

    @property
    def is_at_risk(self) -> bool:
        return any(row.is_alarming for row in self.answered)

    @property
    def done(self) -> int:
        return len({row.instrument for row in self.answered if not row.incomplete})

    @property
    def begun(self) -> Answers:
        """Return the answers that a risk was kept with, before the rest was answered."""
        first = self.waiting[0].key
        return next((row.answers for row in self.answered if row.instrument == first), {})


def state(message: Message, now: datetime) -> State:
    rows = Assessment.objects.filter(patient=message.patient_id, link=message.public_id)
    waiting = [instrument for _, instrument in planning.asked_of(message.patient_id, now)]
    return State(waiting, list(rows))


def tells_of_risk(instrument: Instrument, answers: Answers) -> bool:
    return bool(answers.get(instrument.alarm))


def record(message: Message, instrument: Instrument, answers: Answers) -> None:
    """Keep a whole questionnaire that waits for an answer, or a risk that nobody is at work on.

    A risk is kept with whatever else was answered. Sent again, nothing changes.
    """
    with answering(message, Purpose.QUESTIONNAIRE) as (locked, now):
        _record(locked, instrument, answers, now)


def record_risk(message: Message, instrument: Instrument, answers: Answers) -> None:
    """Keep a risk, and call for help, although the link ended while its page was open."""
    with heard(message) as (locked, now):
        _record(locked, instrument, answers, now)


def _record(message: Message, instrument: Instrument, answers: Answers, now: datetime) -> None:
    asked = [
        task for task, each in planning.asked_of(message.patient_id, now) if each is instrument
    ]
    is_whole = bool(asked) and not unanswered(instrument, answers)
    is_unheard = _is_unheard(message, instrument, answers)
    if not is_whole and not is_unheard:
        return
    row = services.record_by_link(
        message.patient, instrument, answers, link=message.public_id, now=now
    )
    if is_unheard:
        said = next(item for item in instrument.items if item.code == instrument.alarm)
        helping.call_for_help(
            message,
            row.public_id,
            text=f"Call now: the patient answered “{said.text}” with "
            f"“{said.said(answers[said.code])}”, {instrument.title}, by link.",
            source=row,
            now=now,
        )
    sent = Message.objects.filter(
        patient=message.patient_id, kind=Kind.QUESTIONNAIRE, state=Message.State.SENT
    )
    sent.filter(
        about__in=[charted.about_questionnaire(task) for task in asked], answered_at__isnull=True
    ).update(answered_at=now)


def _is_unheard(message: Message, instrument: Instrument, answers: Answers) -> bool:
    """Whether this tells of a risk for which no call is open."""
    if not tells_of_risk(instrument, answers):
        return False
    same = Assessment.objects.filter(
        patient=message.patient_id, instrument=instrument.key, link__isnull=False
    ).filter(**{f"answers__{instrument.alarm}": answers[instrument.alarm]})
    return not helping.is_called_for(same.values_list("public_id", flat=True))
