from typing import Any

from django.core.management.base import BaseCommand

from clinic import clock
from outcomes import planning


class Command(BaseCommand):
    help = "Open the tasks for what is due between sessions; safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        counts = planning.open_due(clock.now())
        if options["verbosity"]:
            self.stdout.write(f"Waiting: {counts['waiting']}, consents: {counts['consents']}")
