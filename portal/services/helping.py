"""A patient tells of a risk: the task whose clock runs at any hour, and the people on call."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from clinic.roles import Role
from patients.models import Task
from patients.services import tasks
from reminders import planning
from reminders.models import Message, MessagePolicy

CRISIS = "crisis:"


def is_called_for(answers: Iterable[UUID]) -> bool:
    """Whether a call for help about one of these answers is still open."""
    keys = [f"{CRISIS}{public_id}" for public_id in answers]
    return Task.objects.open().filter(dedupe_key__in=keys).exists()


def call_for_help(message: Message, answer: UUID, *, text: str, source: Any, now: datetime) -> None:
    """Open the task, inside the transaction that keeps the answer, and call who is on call."""
    policy = MessagePolicy.of(message.clinic_id)
    task = tasks.ask(
        Task.Kind.CRISIS,
        patient=message.patient,
        role=Role.NURSE,
        text=text,
        due_at=now + timedelta(minutes=policy.acknowledge_minutes),
        dedupe_key=f"{CRISIS}{answer}",
        source=source,
    )
    if policy.on_call_address:
        planning.call_staff(task, 1, now)
