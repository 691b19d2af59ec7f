import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reminders import bounces

EX_DATAERR = 65  # a mail server's pipe takes it as “not for me”, and does not try again


class Command(BaseCommand):
    help = (
        "Read one mail that came back from standard input, and mark what it held as failed. "
        "The mailbox BOUNCE_ADDRESS feeds it, one mail each time."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            marked = bounces.take(bounces.read(sys.stdin.buffer.read(bounces.MOST_BYTES + 1)))
        except bounces.NotABounceError as error:
            raise CommandError(f"Nothing is changed. {error}", returncode=EX_DATAERR) from error
        self.stdout.write(
            f"{marked} marked as failed; the front desk has a task."
            if marked
            else "Nothing is changed: no mail of ours, or it is marked already."
        )
