"""Write docs/clinical-rules.md from the data, or check that it is up to date."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from desk import rulebook


class Command(BaseCommand):
    help = "Write docs/clinical-rules.md from the rules' data; with --check, only compare."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *, check: bool, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "clinical-rules.md"
        page = rulebook.page()
        if not check:
            path.write_text(page, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != page:
            raise CommandError("docs/clinical-rules.md is not up to date: run it without --check.")
