"""A patient who may be written to, a session ahead, and a mail server that does as it is told."""

import asyncio
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from django.utils import timezone

from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.roles import Role
from clinic.tests.factories import TESTS
from patients.models import EmailContact, MailHold, Patient, Task
from patients.services import tasks
from patients.tests.factories import make_patient, make_ready
from reminders import planning
from reminders.models import Message, MessagePolicy, MessageRule
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.tests.factories import make_course, make_session

NOON = datetime(2027, 3, 1, 11, tzinfo=UTC)  # a Monday, noon in Berlin


def save(row: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    with acting(TESTS):
        row.save()


def change_all(model: Any, **values: Any) -> None:
    with acting(TESTS):
        model.objects.update(**values)


def set_policy(clinic: Clinic, **values: Any) -> None:
    with acting(TESTS):
        MessagePolicy.objects.update_or_create(clinic=clinic, defaults=values)


def make_reachable(clinic: Clinic, prescriber: User, number: int = 1, **values: Any) -> Patient:
    patient = make_patient(clinic, **values)
    return make_ready(patient, prescriber, email=f"patient{number}@mail.example")


def make_visit(patient: Patient, by: User, starts_at: datetime, **values: Any) -> TreatmentSession:
    """Make a session that was booked long ago, with its course; its messages are not planned."""
    values.setdefault("scheduled_at", starts_at - timedelta(days=30))
    return make_session(make_course(patient, by), starts_at=starts_at, **values)


def make_followed(patient: Patient, by: User, ended_at: datetime) -> TreatmentSession:
    return make_visit(
        patient,
        by,
        ended_at - timedelta(hours=3),
        ends_at=ended_at,
        status=Status.DISCHARGED,
        ended_at=ended_at,
    )


def plan(*sessions: TreatmentSession, now: datetime) -> list[Message]:
    with acting(TESTS):
        planning.plan(sessions, now)
    return list(Message.objects.order_by("not_before", "pk"))


def make_due(session: TreatmentSession, now: datetime | None = None, **values: Any) -> Message:
    """Write a 24-hour reminder that is due now; its rule is the only one in use."""
    now = now or timezone.now()
    with acting(TESTS):
        rules = planning.rules_of({session.clinic_id})[session.clinic_id]
        rule = next(rule for rule in rules if rule.key == "reminder_24h")
        MessageRule.objects.exclude(pk=rule.pk).update(is_active=False)
        return Message.objects.create(
            **{
                "clinic": session.clinic,
                "patient": session.patient,
                "treatment_session": session,
                "kind": Message.Kind.REMINDER,
                "rule": rule,
                "rule_revision": rule.revision,
                "schedule_rev": session.schedule_rev,
                "not_before": now - timedelta(minutes=1),
                "expires_at": now + timedelta(hours=12),
                "dedupe_key": f"{session.public_id}:reminder_24h:email:{session.schedule_rev}",
                **values,
            }
        )


def make_sent(
    session: TreatmentSession,
    kind: str = Message.Kind.REMINDER,
    now: datetime = NOON,
    **values: Any,
) -> Message:
    """Write a mail that has just gone, by no rule."""
    contact = EmailContact.objects.get(patient=session.patient)
    with acting(TESTS):
        return Message.objects.create(
            **{
                "clinic": session.clinic,
                "patient": session.patient,
                "treatment_session": session,
                "kind": kind,
                "schedule_rev": session.schedule_rev,
                "not_before": now - timedelta(minutes=1),
                "expires_at": now + timedelta(hours=12),
                "state": "sent",
                "sent_at": now,
                "sent_to": contact.address,
                "dedupe_key": str(uuid.uuid4()),
                **values,
            }
        )


def make_crisis(patient: Patient, due_at: datetime, **values: Any) -> Task:
    """Open the task about an answer that can't wait."""
    with acting(TESTS):
        return tasks.ask(
            Task.Kind.CRISIS,
            patient=patient,
            role=Role.NURSE,
            due_at=due_at,
            **{"text": "Call now: thoughts of self-harm.", "dedupe_key": "crisis:1", **values},
        )


def hold_mail(patient: Patient) -> MailHold:
    with acting(TESTS):
        return MailHold.objects.create(
            patient=patient, clinic=patient.clinic, reason="Transferred.", since=NOON
        )


class Inbox:
    """What the server took, and how it answers: by default it takes everything."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[str] = []  # from whom, by the envelope
        self.connections = 0
        self.answer_recipient: Callable[[str], str] = lambda address: "250 OK"
        self.before_data: Callable[[Envelope], str | None] = lambda envelope: None
        self.seconds = 0.0
        self.loses_the_answer = False
        self.begins_to_answer = b""

    async def handle_EHLO(
        self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        answer = self.answer_recipient(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        refusal = self.before_data(envelope)
        if refusal:
            return refusal
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append(mail)
        self.envelopes.append(str(envelope.mail_from))
        assert isinstance(server.transport, asyncio.Transport)
        server.transport.write(self.begins_to_answer)
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.loses_the_answer:
            server.transport.abort()
        return "250 OK"

    @property
    def recipients(self) -> list[str]:
        return [str(mail["To"]) for mail in self.mails]


@contextmanager
def mail_server(settings: Any) -> Iterator[Inbox]:
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    try:
        yield inbox
    finally:
        controller.stop(no_assert=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
