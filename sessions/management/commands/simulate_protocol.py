import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from clinic.models import Clinic
from clinic.times import YEARS
from sessions import protocols, shipped
from sessions.dosing import DosingError
from sessions.models import Protocol
from sessions.planning import Calendar, Course, PlanningError, ProtocolSpec
from sessions.plans import WEEKDAYS
from sessions.simulation import as_json, as_text, simulate

WEEKDAY_OF = {
    spelling: number
    for number, name in enumerate(WEEKDAYS)
    for spelling in (name.lower(), name[:3].lower())
}
LONGEST_CLOSURE = timedelta(days=3660)
Found = tuple[ProtocolSpec, int | None]


class Command(BaseCommand):
    help = (
        "Print every date and dose that a protocol gives. Uses the newest published version in the "
        "database; without a database, the protocols that ship with Taper."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="such as esketamine-trd-us")
        parser.add_argument("--start", required=True, help="day 1, as 2026-11-23")
        parser.add_argument("--weeks", help="how far to plan; default: all, and 12 weeks of an end")
        parser.add_argument("--rhythm", help="where the protocol leaves it open: weekly, 2-weekly")
        parser.add_argument("--days", help="preferred weekdays: mon,thu")
        parser.add_argument(
            "--closed",
            nargs="+",
            action="extend",
            default=[],
            metavar="DATE",
            help="closed dates, or spans 2026-12-24..2027-01-01; may be repeated",
        )
        parser.add_argument("--closed-weekdays", help="closed every week: sat,sun")
        parser.add_argument("--age", help="age on day 1 in years")
        parser.add_argument("--weight", help="weight in kg, for doses per kg")
        parser.add_argument("--clinic", help="use this clinic's own protocols before the shipped")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        spec, version = _protocol(options["key"], options["clinic"])
        weight = options["weight"]
        course = Course(
            starts_on=_day(options["start"], "--start"),
            weekdays=_weekdays(options["days"], "--days") or None,
            rhythm=options["rhythm"],
            age=_whole(options["age"], "--age"),
            weight_kg=None if weight is None else _decimal(weight, "--weight"),
            horizon_weeks=_whole(options["weeks"], "--weeks"),
        )
        calendar = Calendar(
            closed_weekdays=frozenset(_weekdays(options["closed_weekdays"], "--closed-weekdays")),
            closed=frozenset(_days(options["closed"])),
        )
        try:
            made = simulate(spec, course, calendar, version=version)
        except (PlanningError, DosingError) as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps(as_json(made), ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(as_text(made)))


def _protocol(key: str, clinic_name: str | None) -> Found:
    try:
        found = _from_database(key, clinic_name)
    except (DatabaseError, ImproperlyConfigured):
        if clinic_name is not None:
            raise CommandError("--clinic needs the database, which does not answer.") from None
        found = None
    if found is not None:
        return found
    by_key = {spec.key: spec for spec in shipped.read_all()}
    if key not in by_key:
        raise CommandError(f"There is no protocol “{key}”. Shipped: {', '.join(sorted(by_key))}.")
    return by_key[key], None


def _from_database(key: str, clinic_name: str | None) -> Found | None:
    """Prefer the clinic's own protocol if one is named, else the shipped one of that key."""
    published = protocols.whole().filter(key=key, status=Protocol.Status.PUBLISHED)
    if clinic_name is not None:
        clinic = Clinic.objects.filter(name=clinic_name).first()
        if clinic is None:
            raise CommandError(f"There is no clinic “{clinic_name}”.")
        offered = Protocol.objects.offered_at(clinic).filter(key=key)
        protocol = protocols.whole().filter(pk__in=[row.pk for row in offered]).first()
    else:
        protocol = published.order_by("clinic_id", "-version").filter(clinic=None).first()
        protocol = protocol or published.order_by("-version", "pk").first()
    return None if protocol is None else (protocols.spec_of(protocol), protocol.version)


def _day(text: str, option: str) -> date:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{option}: “{text}” is not a date such as 2026-11-23.") from None
    if day.year not in YEARS:
        raise CommandError(f"{option}: “{text}” is not between {YEARS[0]} and {YEARS[-1]}.")
    return day


def _days(texts: Iterable[str]) -> Iterator[date]:
    for text in (part for given in texts for part in given.split(",") if part):
        first, dots, last = text.partition("..")
        begin = _day(first, "--closed")
        end = _day(last, "--closed") if dots else begin
        if not timedelta(0) <= end - begin <= LONGEST_CLOSURE:
            raise CommandError(f"--closed: “{text}” ends before it begins, or lasts over 10 years.")
        yield from (begin + timedelta(days=offset) for offset in range((end - begin).days + 1))


def _weekdays(text: str | None, option: str) -> tuple[int, ...]:
    names = [name.strip().lower() for name in (text or "").split(",") if name.strip()]
    if not all(name in WEEKDAY_OF for name in names):
        raise CommandError(f"{option}: “{text}” are not weekdays such as mon,thu.")
    return tuple(WEEKDAY_OF[name] for name in names)


def _whole(text: str | int | None, option: str) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,6}", str(text)):
        raise CommandError(f"{option}: “{text}” is not a whole number.")
    return int(text)


def _decimal(text: str, option: str) -> Decimal:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", str(text)):
        raise CommandError(f"{option}: “{text}” is not a number such as 72.5.")
    return Decimal(str(text))
