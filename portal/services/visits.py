"""What a patient says about a visit that lies ahead: that they come, and how they prepare."""

from dataclasses import dataclass
from typing import Any

from clinic import audit
from clinic.roles import Role
from patients.models import Task
from patients.services import tasks
from portal.models import Confirmation, Preparation
from portal.services.visitor import answering
from reminders.links import Purpose
from reminders.models import Message
from sessions.models import TreatmentSession

PREPARE = "prepare:"


@dataclass(frozen=True, slots=True)
class Prepared:
    ride: str
    ride_by: str = ""
    fasting: str = ""


def confirm(message: Message) -> None:
    """Note that the patient comes; said again, it changes nothing."""
    with answering(message, Purpose.VISIT) as (locked, now):
        confirmation, is_new = Confirmation.objects.get_or_create(
            treatment_session=locked.treatment_session,
            schedule_rev=locked.schedule_rev,
            defaults=of_link(locked) | {"confirmed_at": now},
        )
        if is_new:
            audit.record("visit.confirmed", subject=confirmation)


def prepare(message: Message, prepared: Prepared) -> None:
    """Keep the answers; the same ones again change nothing. Who needs help is called."""
    with answering(message, Purpose.PREPARE) as (locked, now):
        rows = Preparation.objects.filter(
            treatment_session=locked.treatment_session, schedule_rev=locked.schedule_rev
        )
        last = rows.first()
        given = {"ride": prepared.ride, "ride_by": prepared.ride_by, "fasting": prepared.fasting}
        if last is not None and all(getattr(last, name) == given[name] for name in given):
            return
        preparation = Preparation.objects.create(
            **of_link(locked),
            schedule_rev=locked.schedule_rev,
            answered_at=now,
            **given,
        )
        audit.record("visit.prepared", subject=preparation)
        _ask_to_call(preparation, locked)


def of_link(message: Message) -> dict[str, Any]:
    """Return what every row of a patient's says: by which message, about which visit."""
    return {
        "treatment_session": message.treatment_session,
        "message": message,
        "patient_id": message.patient_id,
        "clinic_id": message.clinic_id,
    }


def _ask_to_call(preparation: Preparation, message: Message) -> None:
    wanting = []
    if preparation.ride == Preparation.Ride.NONE:
        wanting.append((Role.FRONT_DESK, "ride", "has nobody for the way home after"))
    if preparation.fasting == Preparation.Fasting.ASKS:
        wanting.append((Role.NURSE, "fasting", "has a question about food and drink before"))
    number = message.treatment_session.number if message.treatment_session else ""
    for role, key, words in wanting:
        tasks.ask(
            Task.Kind.CALL,
            patient=message.patient,
            role=role,
            text=f"Call the patient, who {words} session {number}.",
            due_at=preparation.answered_at,
            dedupe_key=f"{PREPARE}{message.public_id}:{key}",
            source=message.treatment_session,
        )


def called_off(treatment_session: TreatmentSession) -> None:
    """Take back the calls about preparing for a visit that does not take place."""
    about = {"source_id": treatment_session.public_id, "dedupe_key__startswith": PREPARE}
    tasks.close_for(by=None, note="The visit was called off.", **about)
