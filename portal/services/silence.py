"""Who wants no mail about visits any more is reached otherwise: the front desk is asked to."""

from datetime import datetime

from django.db.models import Q

from clinic.roles import Role
from patients.models import Patient, Task
from patients.services import tasks
from portal.services.notices import GOES
from reminders.kinds import BEFORE
from reminders.models import Message
from reminders.reaching import reaches_of
from reminders.rules import DECLINED
from sessions.models import TreatmentSession
from sessions.services.asks import when

NEEDLESS = "E-mails are wanted again, or no visit lies ahead any more."
CHANGED = "The visit has changed; if there is another one, a new task is about it."


def silent_visit(patient: Patient, now: datetime) -> TreatmentSession | None:
    """Return the next visit, if no mail tells of it because the patient wants none."""
    planned = TreatmentSession.objects.planned().filter(patient=patient, starts_at__gt=now)
    visit = planned.select_related("clinic").order_by("starts_at").first()
    if visit is None or patient.deceased:
        return None
    reach = reaches_of({patient.pk}, now)[patient.pk]
    telling = _telling(visit)
    is_silent = not reach.consent or (telling and telling <= set(reach.declined))
    return visit if is_silent else None


def _telling(visit: TreatmentSession) -> set[str]:
    """Return the kinds of mail that would tell of a visit, if its patient wanted them all."""
    rows = Message.objects.filter(
        Q(state__in=GOES) | Q(reason=DECLINED),
        treatment_session=visit,
        schedule_rev=visit.schedule_rev,
        kind__in=BEFORE,
    )
    return set(rows.values_list("kind", flat=True))


def ask(patient: Patient, now: datetime) -> None:
    """Ask to reach the patient otherwise, if a visit lies ahead of which no mail tells."""
    visit = silent_visit(patient, now)
    if visit is None:
        return
    tasks.ask(
        Task.Kind.CALL,
        patient=patient,
        role=Role.FRONT_DESK,
        text=f"The patient wants no e-mails about visits any more, and gets none about that of "
        f"{when(visit)}. Reach the patient otherwise, and ask how from now on.",
        due_at=now,
        dedupe_key=f"{_key(patient)}{visit.public_id}:{now.timestamp()}",
        source=visit,
    )


def contact_changed(patient: Patient, now: datetime) -> None:
    """Take the task back once the patient wants mail again, whoever recorded that."""
    asked = Task.objects.open().filter(dedupe_key__startswith=_key(patient))
    if asked.exists() and silent_visit(patient, now) is None:
        tasks.close_for(by=None, note=NEEDLESS, dedupe_key__startswith=_key(patient))


def visit_changed(visit: TreatmentSession, now: datetime) -> None:
    """Replace a task that names a visit which was moved, called off or has begun."""
    named = {"dedupe_key__startswith": f"{_key(visit.patient)}{visit.public_id}:"}
    if Task.objects.open().filter(**named).exists():
        tasks.close_for(by=None, note=CHANGED, **named)
        ask(visit.patient, now)


def _key(patient: Patient) -> str:
    return f"no-mail:{patient.public_id}:"
