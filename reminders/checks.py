"""System checks: mail that nobody could answer, and calls that would reach nobody."""

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError

from clinic import clock
from clinic.models import Clinic
from patients.models import PatientPolicy
from reminders import on_call
from reminders.models import MessagePolicy


@register(Tags.database)
def replies_are_read(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Runs with `check --database default` and before `migrate`; new databases have no table."""
    if not databases:
        return []
    try:
        mute = list(Clinic.objects.filter(email="").values_list("pk", flat=True))
        called = MessagePolicy.objects.exclude(on_call_address="").values("clinic")
        alone = list(Clinic.objects.exclude(pk__in=called).values_list("pk", flat=True))
        lines = PatientPolicy.objects.exclude(crisis_line="").values("clinic")
        unlisted = list(Clinic.objects.exclude(pk__in=lines).values_list("pk", flat=True))
        unheard = on_call.called_in_vain(clock.now())
    except DatabaseError:
        return []
    return [
        *_nobody_reads(mute),
        *_nobody_on_call(alone),
        *_no_crisis_line(unlisted),
        *_nobody_came(unheard),
    ]


def _nobody_reads(clinics: list[int]) -> list[CheckMessage]:
    return [
        Warning(
            f"Clinic {pk} has no e-mail address: answers to its mails reach nobody.",
            hint="Enter one that somebody reads, in the admin.",
            id="reminders.W001",
        )
        for pk in clinics
    ]


def _nobody_on_call(clinics: list[int]) -> list[CheckMessage]:
    return [
        Warning(
            f"Clinic {pk} has nobody on call: an answer that can't wait stands on the board only.",
            hint="Enter an address that somebody hears at any hour: Messages to patients, admin.",
            id="reminders.W002",
        )
        for pk in clinics
    ]


def _no_crisis_line(clinics: list[int]) -> list[CheckMessage]:
    return [
        Warning(
            f"Clinic {pk} names no crisis line: patients in need read the emergency number only.",
            hint="Enter one: Patient information, admin.",
            id="reminders.W003",
        )
        for pk in clinics
    ]


def _nobody_came(unheard: dict[int, int]) -> list[CheckMessage]:
    return [
        Warning(
            f"Clinic {pk}: urgent answers that nobody took until the calls ended: {number}.",
            hint="Take or close them now: Work list. Then see who reads the on-call address.",
            id="reminders.W004",
        )
        for pk, number in unheard.items()
    ]
