"""A demo whose day is over: replaced as long as nobody has entered anything."""

from datetime import datetime

from django.core.management import call_command
from django.db import connection, transaction

from clinic.models import AuditEvent, Clinic
from desk.demo.build import MADE, Made, build

# Who writes in a demo that nobody uses.
ITS_OWN = ("demo", "load_protocols", "load_consents", "sweep", "extend_courses", "open_due_tasks")


def is_demo() -> bool:
    return _made() is not None


def is_over(now: datetime) -> bool:
    """Has the date changed at the first practice since the demo was made?"""
    made = _made()
    zone = Clinic.objects.earliest("pk").zone
    return made is not None and made.at.astimezone(zone).date() < now.astimezone(zone).date()


def is_used() -> bool:
    """Has anybody written a row, by a page, a patient's link or a command?"""
    made = _made()
    written = AuditEvent.objects.filter(event__startswith="row.", pk__gt=made.pk if made else 0)
    return written.exclude(actor_kind=AuditEvent.ActorKind.SYSTEM, actor_label__in=ITS_OWN).exists()


def renew(now: datetime) -> Made:
    """Replace everything in the database by a new demo, or nothing; only a demo is replaced."""
    if not is_demo():
        raise ValueError("this is no demo")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL taper.allow_truncate = on")
        call_command("flush", interactive=False, verbosity=0)
        return build(now)


def _made() -> AuditEvent | None:
    return AuditEvent.objects.filter(event=MADE).order_by("-pk").first()
