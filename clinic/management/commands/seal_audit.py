from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from clinic import sealing


class Command(BaseCommand):
    help = "Append links to the audit chain for events that have none yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="look back to the first event")

    def handle(self, *args: Any, **options: Any) -> None:
        total = 0
        while sealed := sealing.seal(everything=options["all"]):
            total += sealed
        self.stdout.write(f"{total} events sealed")
