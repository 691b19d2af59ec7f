"""An answer that can't wait: the people on call are called until somebody takes its task."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q, QuerySet

from clinic import clock
from clinic.audit import acting, system
from patients.models import Task
from reminders import charted, planning, reconciling
from reminders.models import Message, MessagePolicy
from reminders.reaching import policies_of

CALLED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls on call about one urgent answer: how many, and when the last was."""

    number: int = 0
    last: datetime | None = None
    waiting: int = 0  # tried, and not taken by the mail server yet


def call_again() -> int:
    """Call the people on call about each urgent answer that nobody has taken in time."""
    with acting(system("sweep")):
        now = clock.now()
        waiting = list(_waiting(now)[:CALLED_AT_ONCE])
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
