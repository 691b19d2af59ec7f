"""No answer is an answer: someone calls."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from clinic import clock
from clinic.audit import acting, system
from clinic.roles import Role
from patients.models import Task
from patients.services import tasks
from reminders.models import Message

LOOKED_BACK = timedelta(days=14)
ASKED_AT_ONCE = 200
KEY = "no-answer:"


def ask_about_silence() -> int:
    """Open a task for each follow-up that stayed without an answer; return how many."""
    with acting(system("sweep")):
        now = clock.now()
        silent = list(_silent(now)[:ASKED_AT_ONCE])
        for message in silent:
            tasks.ask(
                Task.Kind.NO_ANSWER,
                patient=message.patient,
                role=Role.NURSE,
                text="No answer to the follow-up after session "
                f"{message.treatment_session.number}. Ask how the patient is.",
                due_at=now,
                dedupe_key=f"{KEY}{message.public_id}",
                source=message,
            )
        return len(silent)


def _silent(now: datetime) -> QuerySet[Message]:
    latest = now - settings.FOLLOW_UP_ANSWER_WITHIN
    key = Concat(Value(KEY), Cast(OuterRef("public_id"), CharField()))
    return (
        Message.objects.filter(
            ~Exists(Task.objects.filter(dedupe_key=key)),
            kind=Message.Kind.FOLLOW_UP,
            state=Message.State.SENT,
            sent_at__range=(latest - LOOKED_BACK, latest),
            answered_at__isnull=True,
            patient__deceased=False,
        )
        .select_related("patient", "treatment_session")
        .order_by("sent_at")
    )
