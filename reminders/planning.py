"""Which messages the ledger holds: what is missing is written, what is there brought in line.

It runs in the transaction that booked, moved or ended the session or changed the contact, and again
on each sweep for what was overlooked, or planned by a rule that has changed since.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from django.db.models import F, Q, QuerySet

from clinic.locks import share
from clinic.roles import Role
from patients.models import EmailContact, Patient, Task
from patients.services import tasks
from reminders import charted, rules
from reminders.kinds import BY_THE_CHART, NEWS, Kind, may_go
from reminders.models import Message, MessageRule
from reminders.reaching import reaches_of
from reminders.reconciling import OPEN, RECONSIDERED, REVIVABLE, facts_of, needless_of, reconcile
from reminders.rules import Facts, Reach, Slot
from reminders.shipped_rules import shipped_rules
from sessions.models import TreatmentSession
from sessions.services.asks import when

State = Message.State
DECIDED = (
    *("state", "reason", "not_before", "expires_at", "lease_until", "lease_token"),
    *("rule_revision", "attempts", "message_id"),
)


def rules_of(clinic_ids: Collection[int]) -> dict[int, list[MessageRule]]:
    """Return each clinic's rules, those out of use, too; a clinic without any gets the shipped."""
    found: dict[int, list[MessageRule]] = {pk: [] for pk in clinic_ids}
    for rule in MessageRule.objects.filter(clinic__in=clinic_ids):
        found[rule.clinic_id].append(rule)
    bare = [pk for pk, held in found.items() if not held]
    if bare:
        new = (rule for pk in bare for rule in shipped_rules(pk))
        MessageRule.objects.bulk_create(new, ignore_conflicts=True)
        for rule in MessageRule.objects.filter(clinic__in=bare):
            found[rule.clinic_id].append(rule)
    return found


def plan(sessions: Iterable[TreatmentSession], now: datetime) -> None:
    """Write what is missing, then bring what is there in line; the sessions are locked."""
    by_pk = {session.pk: session for session in sessions}
    if not by_pk:
        return
    reaches = _reaches({session.patient_id for session in by_pk.values()}, now)
    rules_at = rules_of({session.clinic_id for session in by_pk.values()})
    # Inserting before locking: an insert may wait for the patient, and must not hold messages then.
    Message.objects.bulk_create(
        (
            message
            for session in by_pk.values()
            for rule in rules_at[session.clinic_id]
            if rule.is_active and rule.is_for_visits and may_go(rule.kind, session.status)
            for message in _ruled(rule, session, reaches[session.patient_id], now)
        ),
        ignore_conflicts=True,
    )
    messages = _locked(Message.objects.filter(treatment_session__in=by_pk), now)
    _reconcile_all(messages, by_pk, reaches, now)


def _reaches(patient_ids: Collection[int], now: datetime) -> dict[int, Reach]:
    """Read how patients are reached: another zone comes first, or waits and finds the new rows."""
    share(EmailContact.objects.filter(patient__in=patient_ids))
    return reaches_of(patient_ids, now)


def plan_by_the_chart(patients: Collection[Patient], now: datetime) -> None:
    """Write what is due by the dates of the charts of these patients."""
    reaches = _reaches({patient.pk for patient in patients}, now)
    rules_at = rules_of({patient.clinic_id for patient in patients})
    dates = charted.dates_of({patient.pk for patient in patients})
    Message.objects.bulk_create(
        (
            message
            for patient in patients
            for rule in rules_at[patient.clinic_id]
            if rule.is_active
            for about, due_on in dates.get((patient.pk, rule.kind), {}).items()
            for message in _charted(rule, patient, about, due_on, reaches[patient.pk], now)
        ),
        ignore_conflicts=True,
    )


def ask(kind: Kind, session: TreatmentSession, now: datetime) -> None:
    """Write a message that somebody asked for: instructions, a new time, a cancellation.

    News that can't go by mail ask somebody to call.
    """
    reach = _reaches({session.patient_id}, now)[session.patient_id]
    window = rules.asked_window(
        kind,
        starts_at=session.starts_at,
        ended_at=session.ended_at,
        asked_at=now,
        reach=reach,
        left_at=session.left_at,
    )
    obstacle = reach.obstacle_to(kind)
    if kind in NEWS and (obstacle or window is None):
        _ask_to_call(kind, session, obstacle or rules.NO_TIME_LEFT, now)
    if window is None:
        return
    message = Message(
        clinic_id=session.clinic_id,
        patient_id=session.patient_id,
        treatment_session=session,
        kind=kind,
        schedule_rev=session.schedule_rev,
        not_before=window.not_before,
        expires_at=window.expires_at,
        state=State.SUPPRESSED if obstacle else State.PLANNED,
        reason=obstacle,
        dedupe_key=f"{session.public_id}:{kind}:email:{session.schedule_rev}",
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)


def _ask_to_call(kind: Kind, session: TreatmentSession, why: str, now: datetime) -> None:
    what = "is called off" if kind == Kind.CALLED_OFF else f"has a new time, {when(session)}"
    tasks.ask(
        Task.Kind.CALL,
        patient=session.patient,
        role=Role.FRONT_DESK,
        text=f"Call the patient: session {session.number} {what}, and no e-mail says so. {why}",
        due_at=now,
        dedupe_key=f"{_news_key(session, kind)}{session.schedule_rev}",
        source=session,
    )


def forget_the_new_time(session: TreatmentSession, why: str) -> bool:
    """Take back a call about a time that is the visit's no longer; say if there was one."""
    asked = {"dedupe_key__startswith": _news_key(session, Kind.CHANGED)}
    if not Task.objects.open().filter(**asked).exists():
        return False
    tasks.close_for(by=None, note=why, **asked)
    return True


def _news_key(session: TreatmentSession, kind: Kind) -> str:
    return f"news:{session.public_id}:{kind}:"


def call_staff(task: Task, turn: int, now: datetime) -> bool:
    """Write a call to the people on call about a task that nobody has taken; say if it is new."""
    message = Message(
        clinic_id=task.clinic_id,
        patient=task.patient,
        kind=Kind.ON_CALL,
        about=charted.about_task(task),
        not_before=now,
        expires_at=now + rules.ASKED_USEFUL,
        dedupe_key=f"{task.public_id}:{Kind.ON_CALL}:email:{turn}",
    )
    if Message.objects.filter(dedupe_key=message.dedupe_key).exists():
        return False
    Message.objects.bulk_create([message], ignore_conflicts=True)
    return True


def replan(patient: Patient, now: datetime) -> None:
    """Bring the messages to one patient in line with a changed address, consent, zone or wish."""
    messages = _locked(Message.objects.filter(patient=patient).exclude(kind=Kind.ON_CALL), now)
    by_pk = TreatmentSession.objects.in_bulk({m.treatment_session_id for m in messages} - {None})
    _reconcile_all(messages, by_pk, reaches_of({patient.pk}, now), now)


def _locked(messages: QuerySet[Message], now: datetime) -> list[Message]:
    """Lock what may still change, by key; a send in flight ends first."""
    changeable = Q(state__in=(*OPEN, *REVIVABLE), expires_at__gt=now)
    outdated = Q(state__in=RECONSIDERED, rule__revision__gt=F("rule_revision"))
    rows = messages.filter(changeable | outdated).select_related("rule")
    return list(rows.order_by("pk").select_for_update(of=("self",)))


def _ruled(
    rule: MessageRule, session: TreatmentSession, reach: Reach, now: datetime
) -> Iterable[Message]:
    if not rule.fits(session):
        return
    slot = rules.slot(rule.timing, facts_of(session), reach)
    if slot is not None:
        yield Message(
            treatment_session=session,
            schedule_rev=session.schedule_rev,
            patient_id=session.patient_id,
            dedupe_key=f"{session.public_id}:{rule.key}:email:{session.schedule_rev}",
            **_values(rule, slot, reach, now),
        )


def _charted(
    rule: MessageRule, patient: Patient, about: str, due_on: date, reach: Reach, now: datetime
) -> Iterable[Message]:
    slot = rules.slot(rule.timing, Facts(due_on=due_on), reach)
    if slot is not None:
        yield Message(
            patient=patient,
            about=about,
            dedupe_key=f"{about}:{rule.key}:email",
            **_values(rule, slot, reach, now),
        )


def _values(rule: MessageRule, slot: Slot, reach: Reach, now: datetime) -> dict[str, object]:
    obstacle = slot.obstacle or reach.obstacle_to(rule.kind)
    is_over = slot.window.expires_at <= now
    return {
        "clinic_id": rule.clinic_id,
        "kind": rule.kind,
        "rule": rule,
        "rule_revision": rule.revision,
        "not_before": slot.window.not_before,
        "expires_at": slot.window.expires_at,
        "state": _first_state(obstacle, is_over=is_over),
        "reason": obstacle,
    }


def _first_state(obstacle: str, *, is_over: bool) -> Message.State:
    if obstacle:
        return State.SUPPRESSED
    return State.EXPIRED if is_over else State.PLANNED


def _reconcile_all(
    messages: Collection[Message],
    by_pk: Mapping[int, TreatmentSession],
    reaches: Mapping[int, Reach],
    now: datetime,
) -> None:
    dates = charted.dates_of({m.patient_id for m in messages if m.kind in BY_THE_CHART})
    needless = needless_of(messages)
    for message in messages:
        session = by_pk[message.treatment_session_id] if message.treatment_session_id else None
        facts = facts_of(session) if session else charted.facts(message, dates)
        before = _decided(message)
        reach, why = reaches[message.patient_id], needless.get(message.pk, "")
        reconcile(message, session, facts, reach, now, needless=why)
        if _decided(message) != before:
            message.save(update_fields=DECIDED)


def _decided(message: Message) -> list[object]:
    return [getattr(message, name) for name in DECIDED]
