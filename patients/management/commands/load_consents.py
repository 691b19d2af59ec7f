from typing import Any

from django.core.management.base import BaseCommand

from patients.services import consent_templates


class Command(BaseCommand):
    help = "Load the consent texts that ship with Taper; safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = consent_templates.load_shipped()
        if options["verbosity"]:
            self.stdout.write(f"Consent texts: {', '.join(loaded) if loaded else 'all up to date'}")
