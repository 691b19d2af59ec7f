"""The check before today's dose: answers, the stops among them, and a prescriber's decision."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.words import explains
from monitoring import before_dose
from monitoring.before_dose import pdmp_due, unmet, unmet_now, worst
from monitoring.models import PreDoseCheck, PreDosePolicy, PregnancyAnswer
from monitoring.models.predose import Answer
from monitoring.questions import PDMP, PRIVATE, QUESTIONS, asked, period
from monitoring.readings import Settings, said
from monitoring.services import critical, history, predose_rows, seen
from monitoring.services.predose_rows import is_of_visit
from monitoring.services.values import settings_of
from monitoring.today import Stop, Today
from patients.models import Patient
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.ports import Unmet
from sessions.services import steps

__all__ = ["unmet", "unmet_now"]

RECORD = "monitoring.record_predose"
DECIDE = "treatment_sessions.override_gate"
UNANSWERED = "Choose one of the answers."
LAST_INTAKE = {
    "no_food_2h": ("last_food_at", "predose_food_minutes"),
    "no_fluids_30min": ("last_fluids_at", "predose_fluids_minutes"),
}
TEXTS = ("new_medicines_text", "note")
TIMES = tuple(name for name, _ in LAST_INTAKE.values())
COPIED = ("asked", *QUESTIONS, *TEXTS, *TIMES)
MEASURED = frozenset(  # decided where values are shown
    {"predose_repeat", "predose_bp", "predose_values", "trouble", "hold"}
)
DECIDABLE = MEASURED | {"predose_stop", "pregnancy_stop"}
TAKES_A_DOSE = {Status.CHECKED_IN, Status.CLEARED, Status.DOSING}
SHORTEST_JUSTIFICATION = 20  # characters


@dataclass(frozen=True, slots=True)
class Asking:
    """What the check asks at this visit, and when prescription monitoring was last looked up."""

    questions: Mapping[str, str]
    last_lookup: PreDoseCheck | None = None

    @property
    def lookup_words(self) -> str:
        last = self.last_lookup
        if last is None:
            return ""
        told = QUESTIONS[PDMP].told(last.pdmp).lower()
        return f"Prescription monitoring, {last.completed_at:%d %b %Y}: {told}."


def asking(
    numbers: Settings, policy: PreDosePolicy, last_lookup: PreDoseCheck | None, on: date
) -> Asking:
    """Return what is asked; `last_lookup` is of an earlier session of the patient."""
    last_on = last_lookup.completed_at.date() if last_lookup else None
    return Asking(asked(numbers, pdmp=pdmp_due(policy, last_on, on)), last_lookup)


def asking_now(treatment_session: TreatmentSession, now: datetime) -> Asking:
    return _asking_of(treatment_session, predose_rows.read(treatment_session), now)


def _asking_of(
    treatment_session: TreatmentSession, found: Mapping[str, Any], now: datetime
) -> Asking:
    numbers = settings_of(found["template"], found["checks"])
    policy = found["predose_policy"] or PreDosePolicy()
    return asking(numbers, policy, found["lookup"], predose_rows.today(treatment_session, now))


def latest(treatment_session: TreatmentSession) -> PreDoseCheck | None:
    """Return the newest check of this visit; one made before the patient came again is too old."""
    checks = PreDoseCheck.objects.filter(treatment_session=treatment_session)
    check = checks.select_related("completed_by", "decided_by").first()
    return check if check and is_of_visit(check, treatment_session.arrived_at) else None


def told_today(patient: Patient) -> list[str]:
    """Answer `patients.ports.told_today`: the newest check of the visit that waits for a dose."""
    rows = PreDoseCheck.objects.filter(
        treatment_session__patient=patient, treatment_session__status__in=TAKES_A_DOSE
    )
    check = rows.select_related("treatment_session").first()
    if check is None or not is_of_visit(check, check.treatment_session.arrived_at):
        return []
    return check.told_medicines


def today(treatment_session: TreatmentSession, now: datetime) -> Today:
    """Read what a dose of this visit rests on, in one statement."""
    found = predose_rows.read(treatment_session)
    return predose_rows.today_of(history.record_of(treatment_session, found), found, now)


def guard(treatment_session: TreatmentSession, now: datetime) -> list[Unmet]:
    """Answer `sessions.ports.predose`."""
    return _unmet_of(today(treatment_session, now), now)


def _unmet_of(found: Today, now: datetime) -> list[Unmet]:
    return [*unmet(found, now), *unmet_now(found)]


def complete(
    pk: int,
    answers: dict[str, Any],
    *,
    by: User,
    decision_reason: str = "",
    entry: Submission | None = None,
) -> PreDoseCheck:
    """Record the answers, each one given; with a reason a prescriber decides in the same breath.

    What the protocol doesn't ask stays empty. The reason is about the answers alone: while a value
    waits for a decision it is refused.
    """
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, RECORD)
        now = clock.now(treatment_session)
        check_status(treatment_session)
        found = predose_rows.read(treatment_session)
        numbers = settings_of(found["template"], found["checks"])
        wanted = _asking_of(treatment_session, found, now).questions
        _check_answers(answers, wanted, numbers, now)
        _check_lifted(latest(treatment_session), answers)
        values = {code: answers[code] if code in wanted else "" for code in QUESTIONS}
        values |= {name: answers.get(name, "") for name in TEXTS}
        values |= {name: answers.get(name) for name in TIMES}
        reason = decision_reason.strip()
        if reason:
            _check_answers_alone(treatment_session, now, by)
            _check_decision(_stops_of(dict(wanted), values), reason, "", "decision_reason")
        return _write(
            treatment_session,
            {**values, "asked": dict(wanted)},
            completed_by=by,
            completed_at=now,
            decision_reason=reason,
            decided_by=by if reason else None,
        )


def _stops_of(wanted: dict[str, str], values: dict[str, Any]) -> list[Unmet]:
    answered = {code: values[code] for code in QUESTIONS}
    return before_dose.unmet_answers(PreDoseCheck(asked=wanted, **answered))


def _check_lifted(before: PreDoseCheck | None, answers: dict[str, Any]) -> None:
    """Ask what changed when the new answers lift a stop that stood: both sets stay on record."""
    if before is None:
        return
    lifted = []
    for code, words in before.asked_words.items():
        choice = QUESTIONS[code].choice(getattr(before, code))
        if choice and choice.stop not in ("", "absolute") and answers.get(code) != choice.answer:
            lifted.append(choice.stopped or words)
    if lifted and not explains(answers.get("note", "")):
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
    safety_plan: str = "",
    shown: str | None = None,
    entry: Submission | None = None,
) -> PreDoseCheck:
    """Let treatment go on all the same: the newest answers again, with the decision.

    `shown` is the digest of what the form named; None: no form was shown (a command, a test).
    """
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, DECIDE)
        now = clock.now(treatment_session)
        check_status(treatment_session)
        check = latest(treatment_session)
        if check is None:
            raise ValidationError("Complete the pre-dose check first.", code="predose_check")
        standing = today(treatment_session, now)
        found = _unmet_of(standing, now)
        points = to_decide(found)
        if shown is not None and shown != seen.digest(points):
            text = (
                "What there is to decide changed since you looked. Decide again with all in view."
            )
            raise seen.UnseenError(text)
        _check_decision(found, reason, safety_plan, "reason")
        keys = {key for point in found if isinstance(point, Stop) for key in point.keys}
        if hold := before_dose.held(standing):
            critical.know(treatment_session, hold.alerts, reason.strip(), by=by, now=now)
        return _write(
            treatment_session,
            {name: getattr(check, name) for name in COPIED},
            completed_by=check.completed_by,
            completed_at=now,
            decision_reason=reason.strip(),
            safety_plan=safety_plan.strip() or check.safety_plan,
            covers=sorted({*check.covers, *keys}),
            decided_by=by,
        )


def _check_decision(found: Iterable[Unmet], reason: str, plan: str, field: str) -> None:
    """Ask for as many words as the worst of it needs."""
    stands = [point for point in found if isinstance(point, Stop)]
    if not explains(reason):
        raise ValidationError({field: "Say why treatment goes on."})
    needs_more = worst([point.level for point in stands]) == "justification"
    if needs_more and len(reason.strip()) < SHORTEST_JUSTIFICATION:
        text = f"Justify it in writing: {SHORTEST_JUSTIFICATION} characters or more."
        raise ValidationError({field: text})
    if any(point.safety_plan for point in stands) and not explains(plan):
        if field != "reason":
            text = "Save the answers without a reason, then decide with the safety plan."
            raise ValidationError({field: text})
        raise ValidationError({"safety_plan": "Write down the safety plan."})


def to_decide(found: Iterable[Unmet]) -> tuple[str, ...]:
    """Return what a prescriber's decision would be about."""
    return tuple(condition.text for condition in found if condition.code in DECIDABLE)


def needs_plan(found: Iterable[Unmet]) -> bool:
    return any(point.safety_plan for point in found if isinstance(point, Stop))


def answer_privately(
    pk: int, answer: str, *, by: User, note: str = "", entry: Submission | None = None
) -> PregnancyAnswer:
    """Record the answer to the private question; a new one is a new row."""
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, RECORD)
        check_status(treatment_session)
        if answer not in PRIVATE:
            raise ValidationError({"answer": "Choose one of the answers."})
        row = PregnancyAnswer.objects.create(
            treatment_session=treatment_session,
            answer=answer,
            note=note.strip(),
            asked_by=by,
            asked_at=clock.now(),
        )
        audit.record("predose.private_question", subject=treatment_session)
        return row


def check_status(treatment_session: TreatmentSession) -> None:
    if treatment_session.status not in TAKES_A_DOSE:
        raise ValidationError(
            f"The session is “{treatment_session.get_status_display()}”: "
            "the pre-dose check belongs between arrival and the dose.",
            code="not_due",
        )


def _check_answers(
    answers: dict[str, Any], wanted: Mapping[str, str], numbers: Settings, now: datetime
) -> None:
    errors = {
        code: UNANSWERED for code in wanted if not QUESTIONS[code].choice(answers.get(code, ""))
    }
    if answers.get("new_medicines") == Answer.YES and not said(answers.get("new_medicines_text")):
        errors["new_medicines_text"] = "Name the new medicines."
    if answers.get("new_medicines") == Answer.NO and said(answers.get("new_medicines_text")):
        errors["new_medicines_text"] = "The answer is “none”: clear this, or answer “some”."
    if PDMP in wanted and answers.get(PDMP) == "unexpected" and not explains(answers.get("note")):
        errors["note"] = "Say what prescription monitoring shows."
    for code, (name, setting) in LAST_INTAKE.items():
        at, minutes = answers.get(name), getattr(numbers, setting)
        if at is None:
            continue
        if at > now:
            errors[name] = "This time lies ahead. Enter when it was."
        elif answers.get(code) == QUESTIONS[code].passes and now - at < timedelta(minutes=minutes):
            errors[name] = f"This is less than {period(minutes)} ago: answer accordingly."
    if errors:
        raise ValidationError(errors)


def _write(
    treatment_session: TreatmentSession, answers: dict[str, Any], **values: Any
) -> PreDoseCheck:
    check = PreDoseCheck.objects.create(treatment_session=treatment_session, **answers, **values)
    audit.record(
        "predose.completed", subject=treatment_session, decided=check.decided_by_id is not None
    )
    return check
