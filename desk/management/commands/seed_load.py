from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from desk.load.seed import Order, seed


def positive(typed: str) -> int:
    if not typed.isdecimal() or int(typed) < 1:
        raise ArgumentTypeError("Give a whole number from 1 on.")
    return int(typed)


class Command(BaseCommand):
    help = "Add clinics with any number of patients and their history, to measure with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--patients", type=positive, required=True)
        parser.add_argument("--years", type=positive, default=2, help="How far back they go.")
        parser.add_argument("--clinics", type=positive, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_ALLOWED:
            raise CommandError("Invented data is not allowed in this installation.")
        made = seed(Order(options["patients"], options["years"], options["clinics"]))
        if options["verbosity"]:
            for name, count in made.counts.items():
                self.stdout.write(f"{count:>12,}  {name}")
            self.stdout.write(f"{made.seconds:>12.1f}  seconds; sign in as load")
