from typing import Any

from django.core.management.base import BaseCommand

from sessions.services import publishing


class Command(BaseCommand):
    help = "Load the protocols that ship with Taper; safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = publishing.load_shipped()
        if options["verbosity"]:
            self.stdout.write(f"Protocols: {', '.join(loaded) if loaded else 'all up to date'}")
