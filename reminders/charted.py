"""Dates of the chart that messages are about: a consent's last day, a questionnaire's due date."""

from collections.abc import Collection
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from outcomes import planning as between
from patients.models import Consent, Task
from reminders.kinds import Kind
from reminders.models import Message
from reminders.rules import Facts
from sessions.lifecycle import Status
from sessions.models import TreatmentCourse, TreatmentSession

NOT_THERE = (Status.CANCELLED, Status.NO_SHOW)
Dates = dict[tuple[int, str], dict[str, date]]
"""Of a patient and a kind of message: what it may be about, with its date."""


def being_treated(patient: OuterRef) -> QuerySet[TreatmentCourse]:
    """Return the patient's courses that run: nobody else is asked to sign again."""
    return TreatmentCourse.objects.running().filter(patient=patient)


def about_consent(consent: Consent) -> str:
    return f"consent:{consent.public_id}:{consent.expires_on}"


def about_task(task: Task) -> str:
    return f"task:{task.public_id}"


def about_questionnaire(task: Task) -> str:
    """Name what is due, so that it stays one message when half an answer renews its task."""
    return task.dedupe_key.rpartition(":")[0]


def questionnaires() -> QuerySet[Task]:
    """Return the open tasks for what patients may answer alone, on a day without a visit.

    On the day of a visit it is asked there: nobody should answer on a phone during a dose.
    """
    begins = Coalesce(OuterRef("first_due_at"), OuterRef("due_at"))
    visits = TreatmentSession.objects.filter(
        patient=OuterRef("patient"), starts_at__gte=begins, starts_at__lt=begins + timedelta(days=1)
    ).exclude(status__in=NOT_THERE)
    return between.waiting().filter(~Exists(visits))


def dates_of(patient_ids: Collection[int]) -> Dates:
    """Return what is still to come, or open, on the charts of these patients."""
    found: Dates = {}
    if not patient_ids:
        return found
    consents = Consent.objects.standing().filter(
        Exists(being_treated(OuterRef("patient"))),
        patient__in=patient_ids,
        expires_on__isnull=False,
    )
    for consent in consents:
        if consent.expires_on is not None:
            key = (consent.patient_id, Kind.CONSENT_EXPIRING.value)
            found.setdefault(key, {})[about_consent(consent)] = consent.expires_on
    asked = questionnaires().filter(patient__in=patient_ids)
    for task in asked.select_related("clinic"):
        if task.patient_id is not None:
            due_on = (task.first_due_at or task.due_at).astimezone(task.clinic.zone).date()
            key = (task.patient_id, Kind.QUESTIONNAIRE.value)
            found.setdefault(key, {})[about_questionnaire(task)] = due_on
    return found


def facts(message: Message, dates: Dates) -> Facts | None:
    """Return what the message counts from; nothing when that is settled."""
    due_on = dates.get((message.patient_id, message.kind), {}).get(message.about)
    return Facts(due_on=due_on) if due_on else None


def is_waited_for(call: Message) -> bool:
    """Whether nobody has taken the task yet that the call is about."""
    public_id = call.about.removeprefix("task:")
    return Task.objects.open().filter(public_id=public_id, taken_by__isnull=True).exists()
