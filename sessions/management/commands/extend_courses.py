from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sessions.tasks import extend_courses


class Command(BaseCommand):
    help = "Plan open-ended courses on to the horizon and complete those that are over."

    def handle(self, *args: Any, **options: Any) -> None:
        counts = extend_courses()
        self.stdout.write(", ".join(f"{name} {count}" for name, count in counts.items()))
        if counts["failed"]:
            raise CommandError(f"{counts['failed']} courses failed; the log names them.")
