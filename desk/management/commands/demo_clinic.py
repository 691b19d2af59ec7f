from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import clock
from clinic.models import Clinic
from desk.demo.build import build
from desk.demo.places import PASSWORD


class Command(BaseCommand):
    help = "Make two demo clinics with invented patients, in the middle of a working day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="Do nothing, instead of refusing, where there is a clinic already.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_ALLOWED:
            raise CommandError("Demo data is not allowed in this installation.")
        if Clinic.objects.exists():
            if options["if_empty"]:
                self._say("There is a clinic already: no demo data was made.", options)
                return
            raise CommandError("There is a clinic already: demo data goes only into an empty one.")
        made = build(clock.now())
        self._say(
            f"Made {made.clinics} clinics with {made.patients} patients and {made.sessions} "
            f"sessions. Everybody's password is {PASSWORD}.",
            options,
        )

    def _say(self, text: str, options: dict[str, Any]) -> None:
        if options["verbosity"]:
            self.stdout.write(text)
