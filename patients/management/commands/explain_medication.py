"""Say how medicines are read, and which alerts they raise together.

    manage.py explain_medication "Sertraline 50 MG" "Imitrex" --route nasal --json

Needs no database. `--route nasal` is esketamine spray (the default), `--route iv` a ketamine
infusion. The JSON document has three members:

`context`: `drug` and `route`.
`medicines`, one for each text, in their order:
  `text`; `status`: `understood`, `uncertain` (a misspelling was read as the only near name) or
  `unresolved` (a person has to look; what is named besides still counts);
  `ingredients`: `name` (INN), `atc` (codes for the route), `route` (oral, sublingual, nasal,
  inhaled, topical, ophthalmic, otic, transdermal, injection, rectal, vaginal, implant,
  intrauterine, buccal or unknown), `route_from` (stated, product, usual, unknown), `classes`,
  `read_as` (name, other name, brand, product, class, near miss), `words` (that were read);
  `product_atc`; `classes` (of all ingredients); `uncertain` (list of sentences);
  `former` (names that are said to be stopped or earlier; one of a class that acts on for days and
  has no date still counts as taken);
  `unresolved`: `text`, `reason` (empty, unknown, not_taken, alternative, route, class, product,
  conflict) and `why`.
`alerts`, the severest first: `rule`, `title`, `tier` (1: the label says so), `severity` (high,
  moderate, information), `interrupts`, `ingredients`, `medicines` (the texts that caused it),
  `why`, `do`, `source`, `certainty` (read, unverified, proposed).
"""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand

from patients.medicines.explain import CONTEXTS, alert_in_words, explain, medicine_in_words


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        kwargs["formatter_class"] = RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("texts", nargs="+", metavar="TEXT", help="one line of a list")
        parser.add_argument("--route", choices=sorted(CONTEXTS), default="nasal")
        parser.add_argument("--json", action="store_true", help="print the document as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        document = explain(options["texts"], CONTEXTS[options["route"]])
        if options["json"]:
            self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))
        else:
            self.stdout.write(in_words(document))


def in_words(document: dict[str, Any]) -> str:
    lines = [line for each in document["medicines"] for line in medicine_in_words(each)]
    lines += [line for each in document["alerts"] for line in alert_in_words(each)]
    if not document["alerts"]:
        lines.append("No alert.")
    return "\n".join(lines)
