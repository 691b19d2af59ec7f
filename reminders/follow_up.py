"""No answer is an answer: someone calls. One that can't wait calls until somebody takes it."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    CharField,
    Count,
    DurationField,
    Exists,
    F,
    Field,
    Func,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat

from clinic import clock
from clinic.audit import acting, system
from clinic.locks import share
from clinic.roles import Role
from patients.models import Patient, Task
from patients.services import tasks
from reminders import charted, marking, planning, reconciling, rules
from reminders.kinds import FOLLOWED_UP
from reminders.models import Message, MessagePolicy
from reminders.reaching import policies_of

LOOKED_BACK = timedelta(days=21)  # longer than any clinic may wait for an answer
NEWLY_UNSENT = timedelta(days=7)  # longer than a sweep may be away over a holiday
ASKED_AT_ONCE = 200
KEY = "no-answer:"
State = Message.State
CALLED_INSTEAD = (*rules.ENDING_BY_THEMSELVES, rules.NO_CLOCK, rules.NO_TIME_LEFT)
"""Why a follow-up was not sent that its clinic wanted to send."""
ANSWERED = Q(answered_at__isnull=False)
ASKED = Task.objects.filter(kind=Task.Kind.NO_ANSWER, source_id=OuterRef("public_id"))


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls on call about one urgent answer: how many, and when the last was."""

    number: int = 0
    last: datetime | None = None
    waiting: int = 0  # tried, and not taken by the mail server yet


def ask_about_silence() -> int:
    """Open a task for each follow-up without an answer, or that can't go; return how many."""
    with acting(system("sweep")):
        now = clock.now()
        found = [
            pk
            for rows in (_silent(now), _unsent(now))
            for pk in rows.values_list("pk", flat=True)[:ASKED_AT_ONCE]
        ]
        if not found:
            return 0
        messages = Message.objects.filter(pk__in=found)
        share(Patient.objects.filter(pk__in=messages.values("patient")))
        list(messages.order_by("pk").select_for_update())
        # Read anew under lock: an answer may have come in between, or another sweep.
        silent, unsent = (
            list(rows.filter(pk__in=found).select_related("patient", "treatment_session"))
            for rows in (_silent(now), _unsent(now))
        )
        # Of those that can't go one task for each visit is enough, of silence one for each rule.
        to_ask = {
            (message.treatment_session_id, message.rule_id if message.sent_at else None): message
            for message in reversed([*silent, *unsent])
        }
        for message in to_ask.values():
            tasks.ask(
                Task.Kind.NO_ANSWER,
                patient=message.patient,
                role=Role.NURSE,
                text=question(message),
                due_at=now,
                dedupe_key=f"{KEY}{message.public_id}",
                source=message,
            )
        return len(to_ask)


def question(message: Message) -> str:
    """Return what the task says about a follow-up without an answer, or that did not go."""
    session = message.treatment_session
    after = f" after session {session.number}" if session else ""
    if message.state == State.SENT:
        return f"No answer to the follow-up{after}. Ask how the patient is."
    why = message.reason or marking.TOO_LATE
    return f"Gets no follow-up by e-mail{after}: {why} Call and ask how the patient is."


def _of_clinic(name: str, output_field: "Field[Any, Any]") -> Coalesce:
    """Return a setting of the message's clinic."""
    default = getattr(MessagePolicy(), name)
    saved = MessagePolicy.objects.filter(clinic=OuterRef("clinic")).values(name)
    return Coalesce(Subquery(saved), Value(default), output_field=output_field)


def _unasked() -> QuerySet[Message]:
    """Return follow-ups about which nobody was asked to call."""
    key = Concat(Value(KEY), Cast(OuterRef("public_id"), CharField()))
    return Message.objects.filter(
        ~Exists(Task.objects.filter(dedupe_key=key)),
        kind=Message.Kind.FOLLOW_UP,
        patient__deceased=False,
    )


def _others(**same: OuterRef) -> QuerySet[Message]:
    """Return the other follow-ups of the visit of the outer query's message."""
    of_visit = Message.objects.filter(
        treatment_session=OuterRef("treatment_session"), kind=Message.Kind.FOLLOW_UP, **same
    )
    return of_visit.exclude(pk=OuterRef("pk"))


def _silent(now: datetime) -> QuerySet[Message]:
    """Return follow-ups older than their clinic's time for an answer, without answer and task.

    Of one that went twice, an answer to either is one, and so is the task.
    """
    waited = Func(
        _of_clinic("answer_within_hours", IntegerField()),
        template="make_interval(hours => %(expressions)s)",
        output_field=DurationField(),
    )
    return (
        _unasked()
        .annotate(asked_at=F("sent_at") + waited)
        .filter(
            state=State.SENT,
            answered_at__isnull=True,
            asked_at__lte=now,
            sent_at__gt=now - LOOKED_BACK,
        )
        .exclude(Exists(_others(rule=OuterRef("rule")).filter(ANSWERED | Exists(ASKED))))
        .order_by("sent_at")
    )


def _unsent(now: datetime) -> QuerySet[Message]:
    """Return follow-ups whose time has come and that can't go, of visits that had no other one."""
    return (
        _unasked()
        .annotate(is_wanted=_of_clinic("call_without_mail", BooleanField()))
        .filter(
            ~Exists(_others().filter(Q(state__in=[State.SENT, State.FAILED]) | Exists(ASKED))),
            Q(state=State.SUPPRESSED, reason__in=CALLED_INSTEAD) | Q(state=State.EXPIRED),
            is_wanted=True,
            not_before__range=(now - NEWLY_UNSENT, now),
            rule__is_active=True,
            rule_revision=F("rule__revision"),
            schedule_rev=F("treatment_session__schedule_rev"),
            treatment_session__status__in=FOLLOWED_UP,
        )
        .order_by("not_before", "pk")
    )


def call_again() -> int:
    """Call the people on call about each urgent answer that nobody has taken in time."""
    with acting(system("sweep")):
        now = clock.now()
        waiting = list(_waiting(now)[:ASKED_AT_ONCE])
        policies, made = policies_of({task.clinic_id for task in waiting}), _calls_about(waiting)
        return sum(
            planning.call_staff(task, calls.number + 1, now)
            for task in waiting
            for calls in [made.get(charted.about_task(task), Calls())]
            if _is_due(task, calls, policies[task.clinic_id], now)
        )


def _is_due(task: Task, calls: Calls, policy: MessagePolicy, now: datetime) -> bool:
    """Whether to call once more: at a pace at first, then slower, and at last no more.

    One that the mail server has not taken yet is enough: the next ones would all go with it.
    """
    if not policy.on_call_address or calls.last is None:
        return bool(policy.on_call_address)
    is_early = calls.number < policy.calls_at_most
    pace = policy.acknowledge_minutes if is_early else policy.later_calls_minutes
    is_time = now - calls.last >= timedelta(minutes=pace)
    return is_time and not calls.waiting and not _are_over(task, policy, now)


def called_in_vain(now: datetime) -> dict[int, int]:
    """Return for how many urgent answers the calls have ended untaken, by clinic."""
    waiting = list(_waiting(now))
    policies = policies_of({task.clinic_id for task in waiting})
    return Counter(
        task.clinic_id for task in waiting if _are_over(task, policies[task.clinic_id], now)
    )


def _waiting(now: datetime) -> QuerySet[Task]:
    """Return the urgent answers that nobody has taken in time, the newest first."""
    rows = Task.objects.due(now).filter(kind=Task.Kind.CRISIS, taken_by__isnull=True)
    return rows.order_by("-due_at")


def _are_over(task: Task, policy: MessagePolicy, now: datetime) -> bool:
    return now - task.created_at >= timedelta(hours=policy.calls_end_after_hours)


def _calls_about(waiting: Collection[Task]) -> dict[str, Calls]:
    """Return the calls that there were about each of these tasks."""
    calls = Message.objects.filter(
        kind=Message.Kind.ON_CALL,
        patient__in=[task.patient_id for task in waiting],
        about__in=[charted.about_task(task) for task in waiting],
    )
    found = (
        calls.order_by()
        .values("about")
        .annotate(
            number=Count("pk"),
            last=Max("created_at"),
            tried=Count("pk", filter=Q(state__in=reconciling.OPEN, attempts__gt=0)),
        )
    )
    return {row["about"]: Calls(row["number"], row["last"], row["tried"]) for row in found}
