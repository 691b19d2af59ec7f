"""What waits for a person's decision: open tasks of my roles, and sessions to sign or to close."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from clinic.models import Clinic, User
from patients.models import Task
from sessions.models import Dose, TreatmentSession

MOST = 50
BACK = timedelta(days=90)
SIGN = "treatment_sessions.sign_session"
CHECK_IN = "treatment_sessions.check_in"


@dataclass(frozen=True, slots=True)
class Worklist:
    tasks: list[Task]
    to_sign: list[TreatmentSession]
    left_open: list[TreatmentSession]  # of earlier days, still planned
    may_sign: bool
    more: bool


def load(clinic: Clinic, user: User, now: datetime) -> Worklist:
    day_begin = now.astimezone(clinic.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    may_sign = user.may(SIGN, clinic.pk)
    sessions = TreatmentSession.objects.filter(
        clinic=clinic, starts_at__gte=now - BACK
    ).select_related("patient", "phase")
    to_sign: list[TreatmentSession] = []
    if may_sign:
        given = Dose.objects.given().filter(treatment_session=OuterRef("pk"))
        unsigned = sessions.unsigned().filter(Exists(given))
        to_sign = list(unsigned.order_by("starts_at")[: MOST + 1])
    listed = [treatment_session.public_id for treatment_session in to_sign[:MOST]]
    asked_twice = {"kind": Task.Kind.SIGNATURE, "source_id__in": listed}
    tasks = list(_tasks(clinic, user).exclude(**asked_twice)[: MOST + 1])
    left_open: list[TreatmentSession] = []
    if user.may(CHECK_IN, clinic.pk):
        past = sessions.planned().filter(starts_at__lt=day_begin)
        left_open = list(past.order_by("starts_at")[: MOST + 1])
    more = max(len(tasks), len(to_sign), len(left_open)) > MOST
    return Worklist(tasks[:MOST], to_sign[:MOST], left_open[:MOST], may_sign, more)


def _tasks(clinic: Clinic, user: User) -> QuerySet[Task]:
    roles = user.roles_by_clinic.get(clinic.pk, frozenset())
    return Task.objects.open().filter(clinic=clinic, role__in=roles).select_related("patient")
