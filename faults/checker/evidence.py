"""What was seen: mails with the moment when DATA began, rows with the moment of their commit."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Calendar

MESSAGES, SESSIONS = "reminders_message", "treatment_sessions_treatmentsession"
CONTACTS, CONSENTS = "patients_emailcontact", "patients_consent"
PATIENTS, HOLDS = "patients_patient", "patients_mailhold"
TABLES = [MESSAGES, SESSIONS, CONTACTS, CONSENTS, PATIENTS, HOLDS]

Row = dict[str, Any]


@dataclass
class Measured:
    """What the driver saw on its own clock, in seconds of the epoch; and while all was quiet."""

    begins: float
    calm: float
    drained: float
    left: int
    ended: float = 0.0
    quiet: dict[str, Any] = field(default_factory=dict)


@dataclass
class Life:
    """One row from its insert on: what it was since which commit."""

    since: list[float] = field(default_factory=list)
    states: list[Row] = field(default_factory=list)

    def add(self, committed: float, changes: Row) -> None:
        self.since.append(committed)
        self.states.append({**self.states[-1], **changes} if self.states else changes)

    def at(self, moment: float) -> Row | None:
        place = bisect_right(self.since, moment)
        return self.states[place - 1] if place else None

    @property
    def now(self) -> Row:
        return self.states[-1]


@dataclass(frozen=True)
class Copy:
    """One mail as the server took or refused it after its last dot."""

    key: str
    connection: str
    began: float
    at: float
    recipients: tuple[str, ...]
    code: int
    mode: str
    mail: EmailMessage
    answered: float | None
    closed: float | None
    said_quit: bool
    is_last: bool

    @property
    def message_id(self) -> str:
        return str(self.mail["Message-ID"]).strip("<> ").partition("@")[0]

    @cached_property
    def events(self) -> list[Any]:
        """Return the calendar entries, read by a library that Taper did not write."""
        parts = (part for part in self.mail.walk() if part.get_content_type() == "text/calendar")
        calendars = (Calendar.from_ical(part.get_content()) for part in parts)
        return [event for each in calendars for event in each.walk("VEVENT")]

    @cached_property
    def plain(self) -> str:
        part = self.mail.get_body(("plain",))
        return str(part.get_content()) if part is not None else ""


@dataclass(frozen=True)
class Call:
    """What a client asked for and how that ended: ok, refused, or unknown."""

    name: str
    began: float
    ended: float
    outcome: str
    aimed: bool = False
    session: int = 0
    patient: int = 0
    values: Row = field(default_factory=dict)


@dataclass
class Evidence:
    copies: list[Copy]
    calls: list[Call]
    injuries: list[Row]
    lives: dict[str, dict[int, Life]]
    tasks: list[Row]
    clinics: dict[int, Row]
    rules: dict[int, Row]
    measured: Measured

    @cached_property
    def by_message_id(self) -> dict[str, list[tuple[int, Life]]]:
        """Return each message under every Message-ID that it ever had."""
        found = defaultdict(list)
        for pk, life in self.lives[MESSAGES].items():
            for message_id in {row["message_id"] for row in life.states}:
                found[message_id].append((pk, life))
        return found

    @cached_property
    def copies_of(self) -> dict[str, list[Copy]]:
        """Return what the server accepted, by Message-ID."""
        found = defaultdict(list)
        for copy in self.copies:
            if copy.code == 250:
                found[copy.message_id].append(copy)
        return found

    @cached_property
    def of_patient(self) -> dict[str, dict[int, list[Life]]]:
        found: dict[str, dict[int, list[Life]]] = {name: defaultdict(list) for name in TABLES}
        for name in (CONTACTS, CONSENTS, HOLDS):
            for life in self.lives[name].values():
                found[name][life.now["patient_id"]].append(life)
        return found

    def rows_in(self, copy: Copy) -> list[tuple[int, Row]]:
        """Return the messages that this copy spoke for: those being sent when DATA began."""
        found = ((pk, life.at(copy.began)) for pk, life in self.by_message_id[copy.message_id])
        return [
            (pk, row)
            for pk, row in found
            if row and row["state"] == "sending" and row["message_id"] == copy.message_id
        ]

    def contact(self, patient: int, moment: float) -> Row | None:
        for life in self.of_patient[CONTACTS][patient]:
            return life.at(moment)
        return None

    def session(self, message: Row, moment: float) -> Row | None:
        pk = message["treatment_session_id"]
        return self.lives[SESSIONS][pk].at(moment) if pk is not None else None

    def may_be_written_to(self, patient: int, moment: float) -> str:
        """Say why mail that began at this moment should not have; nothing if it may."""
        person = self.lives[PATIENTS][patient].at(moment)
        contact = self.contact(patient, moment)
        if person is None or person["deceased"]:
            return "the patient has died"
        if contact is None or not contact["verified_at"]:
            return "no verified address"
        if any(self._holds(life, moment) for life in self.of_patient[HOLDS][patient]):
            return "mail is held"
        consents = (life.at(moment) for life in self.of_patient[CONSENTS][patient])
        if not any(row and _stands(row, moment) for row in consents):
            return "no consent"
        return ""

    @staticmethod
    def _holds(life: Life, moment: float) -> bool:
        row = life.at(moment)
        return row is not None and row["lifted_at"] is None


def _stands(row: Row, moment: float) -> bool:
    if row["kind"] != "email" or epoch(row["given_at"]) > moment:
        return False
    return row["withdrawn_at"] is None or epoch(row["withdrawn_at"]) > moment


def epoch(text: str) -> float:
    return instant(text).timestamp()


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def local(moment: float, zone: str) -> datetime | None:
    """Return the moment on the wall clock of a zone; nothing where there is no such zone."""
    try:
        return datetime.fromtimestamp(moment, ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return None
