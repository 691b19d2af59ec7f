"""No answer to a follow-up is an answer, and so is a follow-up that can't go: someone calls."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    CharField,
    DurationField,
    Exists,
    F,
    Field,
    Func,
    IntegerField,
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
from reminders import marking, rules
from reminders.kinds import FOLLOWED_UP
from reminders.models import Message, MessagePolicy

LOOKED_BACK = timedelta(days=21)  # longer than any clinic may wait for an answer
NEWLY_UNSENT = timedelta(days=7)  # longer than a sweep may be away over a holiday
ASKED_AT_ONCE = 200
KEY = "no-answer:"
State = Message.State
CALLED_INSTEAD = (*rules.ENDING_BY_THEMSELVES, rules.NO_CLOCK, rules.NO_TIME_LEFT)
"""Why a follow-up was not sent that its clinic wanted to send."""
ANSWERED = Q(answered_at__isnull=False)
ASKED = Task.objects.filter(kind=Task.Kind.NO_ANSWER, source_id=OuterRef("public_id"))


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
