"""The check before today's dose: answers, the stops among them, and a prescriber's decision."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, entries
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from monitoring.holding import Hold, hold_of
from monitoring.models import PreDoseCheck
from monitoring.models.predose import Answer
from monitoring.questions import QUESTIONS
from monitoring.readings import (
    BloodPressure,
    History,
    Reading,
    Settings,
    said,
)
from monitoring.services import history, seen
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.ports import Unmet
from sessions.services import steps

RECORD = "monitoring.record_predose"
DECIDE = "treatment_sessions.override_gate"
# The answer that stops treatment unless a prescriber decides (clinical reference 1.2 and 2).
STOPS = {
    "no_food_2h": (Answer.NO, "Food in the last 2 hours"),
    "no_fluids_30min": (Answer.NO, "Liquids in the last 30 minutes"),
    "no_nasal_products_1h": (Answer.NO, "Nasal spray in the last hour"),
    "transport_arranged": (Answer.NO, "No transport home arranged"),
    "substance_use_today": (Answer.YES, "Alcohol or drugs today"),
    "fit_today": (Answer.NO, "Mental state does not allow treatment"),
}
UNANSWERED = "Choose one of the two answers."
COPIED = (*QUESTIONS, "new_medicines_text", "note")
MEASURED = frozenset({"predose_bp", "hold"})  # decided in a form that shows the values
DECIDABLE = MEASURED | {"predose_stop"}
TAKES_A_DOSE = {Status.CHECKED_IN, Status.CLEARED, Status.DOSING}


def stops(check: PreDoseCheck) -> list[str]:
    return [words for name, (answer, words) in STOPS.items() if getattr(check, name) == answer]


def latest(treatment_session: TreatmentSession) -> PreDoseCheck | None:
    """Return the newest check of this visit; one made before the patient came again is too old."""
    checks = PreDoseCheck.objects.filter(treatment_session=treatment_session)
    check = checks.select_related("completed_by", "decided_by").first()
    return check if check and is_of_visit(check, treatment_session.arrived_at) else None


def is_of_visit(check: PreDoseCheck, arrived_at: datetime | None) -> bool:
    return arrived_at is not None and check.completed_at >= arrived_at


def unmet(
    check: PreDoseCheck | None, before_dose: Sequence[Reading], settings: Settings
) -> list[Unmet]:
    """Name what is missing before a dose; the caller passes this visit's sets before it."""
    return [*_unmet_answers(check), *_unmet_baseline(check, before_dose, settings)]


def held(
    check: PreDoseCheck | None,
    visit: Sequence[Reading],
    of_session: History,
    settings: Settings,
) -> Hold | None:
    """Return what holds the dose: critical values of this visit that no later decision covers."""
    found = hold_of(visit, of_session, settings)
    return None if found and covers(check, found) else found


def covers(check: PreDoseCheck | None, found: Hold) -> bool:
    """Whether a prescriber decided to go on, knowing these values."""
    return bool(check and check.decided_by_id and check.completed_at >= found.known_at)


def unmet_hold(found: Hold | None) -> list[Unmet]:
    if found is None:
        return []
    text = f"{found.text} Recheck within limits, or a prescriber decides, with a reason."
    return [Unmet("hold", text)]


def _unmet_answers(check: PreDoseCheck | None) -> list[Unmet]:
    if check is None:
        return [Unmet("predose_check", "The pre-dose check is not done. A nurse completes it.")]
    if check.identity_confirmed != Answer.YES:
        text = "The patient's identity is not confirmed. Repeat the pre-dose check."
        return [Unmet("predose_check", text)]
    found = stops(check)
    if not found or check.decided_by_id:
        return []
    return [Unmet("predose_stop", f"{'; '.join(found)}. A prescriber decides, with a reason.")]


def _unmet_baseline(
    check: PreDoseCheck | None, before_dose: Sequence[Reading], settings: Settings
) -> list[Unmet]:
    pressures = [row for row in before_dose if row.systolic is not None]
    if not pressures:
        return [Unmet("baseline", "No blood pressure before the dose. Record the vital signs.")]
    explained = any(said(row.not_obtained) for row in before_dose)
    lacking = [
        words
        for name, words in (("spo2", "SpO₂"), ("sedation", "MOAA/S"))
        if not explained and all(getattr(row, name) is None for row in before_dose)
    ]
    text = f"{' and '.join(lacking)} before the dose: record it, or say why it was not obtained."
    found = [Unmet("baseline", text)] if lacking else []
    return [*found, *_unmet_pressure(check, pressures[-1], settings)]


def _unmet_pressure(check: PreDoseCheck | None, row: Reading, settings: Settings) -> list[Unmet]:
    """Over the limits a prescriber weighs risk and benefit, knowing the value."""
    pressure = BloodPressure(row.systolic or 0, row.diastolic or 0)
    limit = BloodPressure(settings.predose_systolic, settings.predose_diastolic)
    if pressure.systolic <= limit.systolic and pressure.diastolic <= limit.diastolic:
        return []
    if check and check.decided_by_id and check.completed_at >= row.recorded_at:
        return []
    text = f"Blood pressure {pressure} is over {limit}. A prescriber decides, with a reason."
    return [Unmet("predose_bp", text)]


def complete(
    pk: int,
    answers: dict[str, Any],
    *,
    by: User,
    decision_reason: str = "",
    entry: Submission | None = None,
) -> PreDoseCheck:
    """Record the answers, each one given; with a reason a prescriber decides in the same breath.

    The reason is about the answers alone: while a value waits for a decision it is refused.
    """
    with acting(by):
        entries.claim(entry, by)
        treatment_session = steps.lock_open(pk)
        now = clock.now()
        if not by.may(RECORD, treatment_session.clinic_id):
            raise PermissionDenied(RECORD)
        _check_status(treatment_session)
        _check_answers(answers)
        _check_lifted(latest(treatment_session), answers)
        decides = bool(decision_reason.strip())
        if decides:
            _check_answers_alone(treatment_session, now, by)
        return _write(
            treatment_session,
            answers,
            completed_by=by,
            completed_at=now,
            decision_reason=decision_reason.strip(),
            decided_by=by if decides else None,
        )


def _check_lifted(before: PreDoseCheck | None, answers: dict[str, Any]) -> None:
    """Ask what changed when the new answers lift a stop that stood: both sets stay on record."""
    lifted = [
        words
        for name, (answer, words) in STOPS.items()
        if before and getattr(before, name) == answer != answers[name]
    ]
    if lifted and not said(answers.get("note", "")):
        raise ValidationError(
            {"note": f"Answered otherwise before ({'; '.join(lifted)}). Say what changed."}
        )


def _check_answers_alone(treatment_session: TreatmentSession, now: datetime, by: User) -> None:
    if not by.may(DECIDE, treatment_session.clinic_id):
        raise ValidationError({"decision_reason": "Only a prescriber decides this."})
    values = [found.text for found in guard(treatment_session, now) if found.code in MEASURED]
    if values:
        text = f"{' '.join(values)} Save the answers without a reason, then decide on all of it."
        raise ValidationError({"decision_reason": text})


def decide(
    pk: int,
    reason: str,
    *,
    by: User,
    shown: str | None = None,
    entry: Submission | None = None,
) -> PreDoseCheck:
    """Let treatment go on all the same: the newest answers again, with the decision.

    `shown` is the digest of what the form named; None: no form was shown (a command, a test).
    """
    with acting(by):
        entries.claim(entry, by)
        treatment_session = steps.lock_open(pk)
        now = clock.now()
        if not by.may(DECIDE, treatment_session.clinic_id):
            raise PermissionDenied(DECIDE)
        _check_status(treatment_session)
        check = latest(treatment_session)
        if check is None:
            raise ValidationError("Complete the pre-dose check first.", code="predose_check")
        if not said(reason):
            raise ValidationError({"reason": "Say why treatment goes on."})
        points = to_decide(guard(treatment_session, now))
        if shown is not None and shown != seen.digest(points):
            text = (
                "What there is to decide changed since you looked. Decide again with all in view."
            )
            raise seen.UnseenError(text)
        return _write(
            treatment_session,
            {name: getattr(check, name) for name in COPIED},
            completed_by=check.completed_by,
            completed_at=now,
            decision_reason=reason.strip(),
            decided_by=by,
        )


def to_decide(found: Iterable[Unmet]) -> tuple[str, ...]:
    """Return what a prescriber's decision would be about."""
    return tuple(condition.text for condition in found if condition.code in DECIDABLE)


def guard(treatment_session: TreatmentSession, now: datetime) -> list[Unmet]:
    """Answer `sessions.ports.predose`."""
    record, check = history.load(treatment_session), latest(treatment_session)
    found = held(check, record.of_visit(), record.history, record.settings)
    return [*unmet(check, record.before_dose(), record.settings), *unmet_hold(found)]


def _check_status(treatment_session: TreatmentSession) -> None:
    if treatment_session.status not in TAKES_A_DOSE:
        raise ValidationError(
            f"The session is “{treatment_session.get_status_display()}”: "
            "the pre-dose check belongs between arrival and the dose.",
            code="not_due",
        )


def _check_answers(answers: dict[str, Any]) -> None:
    errors = {name: UNANSWERED for name in QUESTIONS if answers.get(name) not in Answer.values}
    if answers.get("new_medicines") == Answer.YES and not said(answers.get("new_medicines_text")):
        errors["new_medicines_text"] = "Name the new medicines."
    if errors:
        raise ValidationError(errors)


def _write(
    treatment_session: TreatmentSession, answers: dict[str, Any], **values: Any
) -> PreDoseCheck:
    check = PreDoseCheck.objects.create(
        treatment_session=treatment_session,
        **{name: answers.get(name, "") for name in COPIED},
        **values,
    )
    audit.record(
        "predose.completed", subject=treatment_session, decided=check.decided_by_id is not None
    )
    return check
