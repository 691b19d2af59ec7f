"""From monitoring to the door: escort, assessment, release, and what happened without them."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from clinic import audit, clock, entries, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.words import explains
from monitoring import overriding, ports
from monitoring.discharge import Gate
from monitoring.models import Discharge, DischargeAssessment, Escort
from monitoring.models.discharge import Instructions
from monitoring.readings import said
from monitoring.services import history, way_home, witness
from monitoring.services.history import Record
from monitoring.services.seen import UnseenError
from monitoring.services.way_home import Leaving
from sessions import lifecycle
from sessions.lifecycle import PRESENT, Status
from sessions.models import TreatmentSession
from sessions.ports import Unmet
from sessions.services import steps

ASSESS = "monitoring.assess_discharge"
ESCORT = "monitoring.record_escort"
PRESCRIBER = "treatment_sessions.override_gate"
UNFINISHED = "First finish the dose: No more devices, under More, or the end of the infusion."


@dataclass(frozen=True, slots=True)
class Shown:
    """What a form showed: the codes of the open conditions, and `Record.rows`."""

    codes: frozenset[str]
    rows: str


@dataclass(frozen=True, slots=True)
class Override:
    """Leave before the gate is satisfied: why, the second person who agrees, and what they saw.

    `shown` None: no form was shown (a command, a test).
    """

    reason: str
    second_person: User
    shown: Shown | None = None


def name_escort(
    pk: int,
    *,
    kind: str,
    name: str,
    by: User,
    phone: str = "",
    entry: Submission | None = None,
) -> Escort:
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, ESCORT)
        if treatment_session.status not in {Status.PLANNED, *PRESENT}:
            raise ValidationError("The session has ended.", code="over")
        if not said(name):
            raise ValidationError({"name": "Name the person or the service."})
        way_home.check_kind(kind, treatment_session.clinic_id, field="kind")
        escort = Escort.objects.create(
            treatment_session=treatment_session,
            kind=kind,
            name=name.strip(),
            phone=phone.strip(),
            recorded_by=by,
            recorded_at=clock.now(),
        )
        audit.record("escort.named", subject=treatment_session)
        return escort


def assess(
    pk: int,
    *,
    ready: bool,
    by: User,
    decisions: dict[str, str] | None = None,
    note: str = "",
    entry: Submission | None = None,
) -> DischargeAssessment:
    """Record a clinician's judgement now; with it, reasons for what a clinician may decide."""
    given = {code: text for code, reason in (decisions or {}).items() if (text := reason.strip())}
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, ASSESS)
        if treatment_session.status != Status.MONITORING:
            raise ValidationError("Assess when the dose is complete.", code="not_monitoring")
        now = clock.now()
        prescriber = by.may(PRESCRIBER, treatment_session.clinic_id)
        _check_decisions(given, history.load(treatment_session).gate(now), prescriber=prescriber)
        assessment = DischargeAssessment.objects.create(
            treatment_session=treatment_session,
            assessed_by=by,
            assessed_at=now,
            by_prescriber=prescriber,
            ready=ready,
            decisions=given,
            note=note.strip(),
        )
        audit.record("discharge.assessed", subject=treatment_session, ready=ready)
        return assessment


def _check_decisions(given: dict[str, str], gate: Gate, *, prescriber: bool) -> None:
    decidable = {condition.code: condition for condition in gate.conditions if condition.decidable}
    for code, reason in given.items():
        if not explains(reason):
            raise ValidationError({f"decide_{code}": "Say in words why this is acceptable."})
        if code in decidable and decidable[code].needs_prescriber and not prescriber:
            raise ValidationError({f"decide_{code}": "Only a prescriber decides this."})
        if code not in decidable:
            raise ValidationError({f"decide_{code}": "This can't be decided: it has to be met."})


def release(
    pk: int,
    *,
    by: User,
    override: Override | None = None,
    leaving: Leaving | None = None,
    note: str = "",
    entry: Submission | None = None,
) -> Discharge:
    """Let the patient go if the gate, computed now under the lock, is satisfied (INV-4).

    `leaving` None: nobody was asked who stood at the door (a command, a test).
    """
    with acting(by, entry):
        treatment_session = steps.lock(pk)
        if treatment_session.status == Status.DOSING and override is not None:
            raise ValidationError(UNFINISHED, code="unfinished")
        now = clock.now()
        record = history.load(treatment_session)
        gate = record.gate(now)
        if override is not None:
            _check_override(override.reason, override.shown, record, gate)
            _check_two(override.second_person, treatment_session, by)
        elif not gate.ready:
            raise ValidationError([condition.text for condition in gate.unmet], code="discharge")
        if leaving is not None:
            required = record.settings.escort_required
            way_home.check_leaving(leaving, treatment_session, escort_required=required)
        reason = override.reason.strip() if override else ""
        steps.take(
            treatment_session,
            Status.DISCHARGED,
            by=by,
            now=now,
            reason=reason or note,
            guarded=False,
        )
        left = _write(
            treatment_session,
            gate,
            left_at=now,
            recorded_at=now,
            released_by=by,
            override_reason=reason,
            second_person=override.second_person if override else None,
            **(asdict(leaving) if leaving else {}),
        )
        if leaving and leaving.instructions == Instructions.MAILED:
            ports.instructions_wanted(treatment_session)
        return left


def record_departure(
    pk: int,
    *,
    reason: str,
    by: User,
    left_at: datetime | None = None,
    entry: Submission | None = None,
) -> Discharge:
    """Record that the patient is gone already, outside the gate; a prescriber is asked to look.

    Without a time they left now, by the database's clock.
    """
    with acting(by, entry):
        treatment_session = steps.lock(pk)
        now = clock.now()
        left_at = left_at or now
        times.check_happened(left_at, now, field="left_at", not_before=treatment_session.arrived_at)
        if not explains(reason):
            raise ValidationError({"reason": "Say why they left without being released."})
        gate = history.load(treatment_session).gate(left_at)
        steps.take(
            treatment_session,
            Status.DISCHARGED,
            by=by,
            now=now,
            at=left_at,
            reason=reason,
            outside_gate=True,
        )
        return _write(
            treatment_session,
            gate,
            left_at=left_at,
            recorded_at=now,
            released_by=by,
            override_reason=reason.strip(),
            outside_gate=True,
        )


def open_conditions(treatment_session: TreatmentSession, now: datetime) -> list[Unmet]:
    """Answer `sessions.ports.discharge`: what stands between the patient and the door."""
    gate = history.load(treatment_session).gate(now)
    return [Unmet(condition.code, condition.text) for condition in gate.unmet]


def check_override(
    treatment_session: TreatmentSession, reason: str, shown: Shown, *, by: User, entry: Submission
) -> None:
    """Refuse what `release` would, before a second person is asked: their code works once."""
    entries.check_unused(entry, by)
    lifecycle.step(treatment_session.status, Status.DISCHARGED)
    record = history.load(treatment_session)
    _check_override(reason, shown, record, record.gate(clock.now()))


def _check_override(reason: str, shown: Shown | None, record: Record, gate: Gate) -> None:
    if gate.ready:
        raise ValidationError("All is met now: release the patient without an override.")
    _check_reason(reason)
    if shown is not None:
        _check_shown(shown, record, gate)


def _check_two(second: User, treatment_session: TreatmentSession, by: User) -> None:
    if not witness.may_witness(second, by, treatment_session):
        raise ValidationError({"second_username": witness.UNKNOWN}, code="second_person")
    witness.check_one_may(second, by, treatment_session)


def _check_reason(reason: str) -> None:
    if refused := overriding.refusal(reason):
        raise ValidationError({"reason": refused})


def _check_shown(shown: Shown, record: Record, gate: Gate) -> None:
    """Refuse to override what the two have not seen: it came up while the form was open."""
    new = [condition.text for condition in gate.unmet if condition.code not in shown.codes]
    if new:
        text = f"Open since you looked: {' '.join(new)} Decide again with all in view."
        raise UnseenError(text)
    if shown.rows != record.rows:
        raise UnseenError("More was recorded since you looked. Decide again with all in view.")


def _write(treatment_session: TreatmentSession, gate: Gate, **values: Any) -> Discharge:
    discharge = Discharge.objects.create(
        treatment_session=treatment_session, gate=snapshot(gate), **values
    )
    audit.record(
        "discharge.recorded",
        subject=treatment_session,
        override=bool(discharge.second_person_id),
        outside_gate=discharge.outside_gate,
    )
    return discharge


def snapshot(gate: Gate) -> list[dict[str, Any]]:
    return [
        {"code": c.code, "met": c.met, "text": c.text, "reason": c.reason} for c in gate.conditions
    ]
