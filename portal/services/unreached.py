"""Who wants no mail about visits any more is reached otherwise: the front desk is asked to."""

from datetime import datetime

from clinic.roles import Role
from patients.models import Patient, Task
from patients.services import tasks
from reminders.kinds import BEFORE, Kind
from reminders.planning import rules_of
from reminders.reaching import reaches_of
from sessions.models import TreatmentSession

AHEAD = BEFORE - {Kind.LATE_BOOKING}
"""What tells of a visit some time before it; that of a late booking goes when it is booked."""

AGAIN = "The patient wants e-mails about visits again."
DIED = "The patient has died."


def wants_none(patient: Patient, now: datetime) -> bool:
    """Whether the patient declined all that the clinic's rules would send before a visit."""
    reach = reaches_of({patient.pk}, now)[patient.pk]
    rules = rules_of({patient.clinic_id})[patient.clinic_id]
    kinds = {rule.kind for rule in rules if rule.is_active} & AHEAD
    return not reach.consent or (bool(kinds) and kinds <= set(reach.declined))


def ask(patient: Patient, now: datetime) -> None:
    """Ask to reach the patient otherwise, if a visit lies ahead."""
    planned = TreatmentSession.objects.planned().filter(patient=patient, starts_at__gt=now)
    ahead = planned.order_by("starts_at").first()
    if ahead is not None:
        tasks.ask(
            Task.Kind.CALL,
            patient=patient,
            role=Role.FRONT_DESK,
            text="The patient wants no e-mails about visits any more. Reach the patient otherwise "
            "before the next visit, and ask how from now on.",
            due_at=now,
            dedupe_key=f"{_key(patient)}{now.timestamp()}",
            source=ahead,
        )


def contact_changed(patient: Patient, now: datetime) -> None:
    """Take the task back once the patient wants mail again, whoever recorded that."""
    asked = {"dedupe_key__startswith": _key(patient)}
    if not Task.objects.open().filter(**asked).exists():
        return
    if patient.deceased:
        tasks.close_for(by=None, note=DIED, **asked)
    elif not wants_none(patient, now):
        tasks.close_for(by=None, note=AGAIN, **asked)


def _key(patient: Patient) -> str:
    return f"no-mail:{patient.public_id}:"
