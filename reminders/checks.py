"""System checks: mail that nobody could answer."""

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError

from clinic.models import Clinic


@register(Tags.database)
def replies_are_read(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Runs with `check --database default` and before `migrate`; new databases have no table."""
    if not databases:
        return []
    try:
        mute = list(Clinic.objects.filter(email="").values_list("pk", flat=True))
    except DatabaseError:
        return []
    return [
        Warning(
            f"Clinic {pk} has no e-mail address: answers to its mails reach nobody.",
            hint="Enter one that somebody reads, in the admin.",
            id="reminders.W001",
        )
        for pk in mute
    ]
