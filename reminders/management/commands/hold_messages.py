from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.words import explains
from reminders import restoring


class Command(BaseCommand):
    help = (
        "Hold every message that is due already until a person releases it: after a restore over "
        "the same database, which sweeps can't notice by themselves."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, help="Up to 120 characters, for the ledger.")

    def handle(self, *args: Any, **options: Any) -> None:
        reason = options["reason"].strip()
        if not explains(reason) or len(reason) > 120:
            raise CommandError("Say the reason in words, in 120 characters at most.")
        held = restoring.hold(reason)
        self.stdout.write(f"{held} held. Staff release or settle them under Messages.")
