from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import clock
from clinic.models import Clinic
from desk.demo import renewal
from desk.demo.build import Made, build
from desk.demo.places import PASSWORD

RENEWED = "The day of the demo was over and nobody had entered anything: here is a new one."
OVER = (
    "The day of the demo is over; what you entered is kept. "
    "To throw it away and have a new day: ./dev manage demo_clinic --fresh"
)


class Command(BaseCommand):
    help = "Make two demo clinics with invented patients, in the middle of a working day."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--if-needed",
            action="store_true",
            help="Only into an empty database, or over a demo of an earlier day that nobody used.",
        )
        which.add_argument(
            "--fresh",
            action="store_true",
            help="Throw away the demo that is here, with all that was entered into it.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_ALLOWED:
            raise CommandError("Demo data is not allowed in this installation.")
        now = clock.now()
        if not Clinic.objects.exists():
            self._say(build(now), options)
        elif options["if_needed"]:
            self._renew_if_over()
        elif options["fresh"] and renewal.is_demo():
            self._say(renewal.renew(now), options)
        else:
            raise CommandError("There is a clinic already: demo data goes only into an empty one.")

    def _renew_if_over(self) -> None:
        now = clock.now()
        if not renewal.is_over(now):
            return
        if renewal.is_used():
            self.stdout.write(OVER)
            return
        renewal.renew(now)
        self.stdout.write(RENEWED)

    def _say(self, made: Made, options: dict[str, Any]) -> None:
        if options["verbosity"]:
            self.stdout.write(
                f"Made {made.clinics} clinics with {made.patients} patients and {made.sessions} "
                f"sessions. Everybody's password is {PASSWORD}."
            )
