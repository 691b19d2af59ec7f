"""No answer is an answer: someone calls. One that can't wait calls until somebody takes it."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import (
    CharField,
    Count,
    DurationField,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat

from clinic import clock
from clinic.audit import acting, system
from clinic.roles import Role
from patients.models import Task
from patients.services import tasks
from reminders import charted, planning
from reminders.models import Message, MessagePolicy
from reminders.reaching import policies_of

LOOKED_BACK = timedelta(days=21)  # longer than any clinic may wait for an answer
ASKED_AT_ONCE = 200
KEY = "no-answer:"
NO_CALL: tuple[int, datetime | None] = (0, None)


def ask_about_silence() -> int:
    """Open a task for each follow-up that stayed without an answer; return how many."""
    with acting(system("sweep")):
        now = clock.now()
        silent = list(_silent(now)[:ASKED_AT_ONCE])
        for message in silent:
            session = message.treatment_session
            after = f" after session {session.number}" if session else ""
            tasks.ask(
                Task.Kind.NO_ANSWER,
                patient=message.patient,
                role=Role.NURSE,
                text=f"No answer to the follow-up{after}. Ask how the patient is.",
                due_at=now,
                dedupe_key=f"{KEY}{message.public_id}",
                source=message,
            )
        return len(silent)


def _silent(now: datetime) -> QuerySet[Message]:
    """Return follow-ups older than their clinic's time for an answer, without answer and task."""
    default = MessagePolicy._meta.get_field("answer_within_hours").get_default()
    of_clinic = MessagePolicy.objects.filter(clinic=OuterRef("clinic")).values(
        "answer_within_hours"
    )
    hours = Coalesce(Subquery(of_clinic), Value(default), output_field=IntegerField())
    waited = Func(
        hours, template="make_interval(hours => %(expressions)s)", output_field=DurationField()
    )
    key = Concat(Value(KEY), Cast(OuterRef("public_id"), CharField()))
    return (
        Message.objects.annotate(asked_at=F("sent_at") + waited)
        .filter(
            ~Exists(Task.objects.filter(dedupe_key=key)),
            kind=Message.Kind.FOLLOW_UP,
            state=Message.State.SENT,
            answered_at__isnull=True,
            asked_at__lte=now,
            sent_at__gt=now - LOOKED_BACK,
            patient__deceased=False,
        )
        .select_related("patient", "treatment_session")
        .order_by("sent_at")
    )


def call_again() -> int:
    """Call the people on call about each urgent answer that nobody has taken in time."""
    with acting(system("sweep")):
        now = clock.now()
        waiting = list(
            Task.objects.due(now).filter(kind=Task.Kind.CRISIS, taken_by__isnull=True)[
                :ASKED_AT_ONCE
            ]
        )
        policies, made = policies_of({task.clinic_id for task in waiting}), _calls_about(waiting)
        calls = 0
        for task in waiting:
            policy = policies[task.clinic_id]
            number, last = made.get(charted.about_task(task), NO_CALL)
            is_over = last is None or now - last >= timedelta(minutes=policy.acknowledge_minutes)
            if policy.on_call_address and is_over and number < policy.calls_at_most:
                calls += planning.call_staff(task, number + 1, now)
        return calls


def _calls_about(waiting: Collection[Task]) -> dict[str, tuple[int, datetime | None]]:
    """Return how many calls there were about each of these tasks, and when the last was."""
    calls = Message.objects.filter(
        kind=Message.Kind.ON_CALL,
        patient__in=[task.patient_id for task in waiting],
        about__in=[charted.about_task(task) for task in waiting],
    )
    found = calls.order_by().values_list("about").annotate(Count("pk"), Max("created_at"))
    return {about: (number, last) for about, number, last in found}
