"""One patient, one visit, one reminder that went as it should: what the checker then reads."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from faults.checker import judge
from faults.checker.evidence import (
    CONSENTS,
    CONTACTS,
    MESSAGES,
    PATIENTS,
    SESSIONS,
    TABLES,
    Copy,
    Evidence,
    Life,
    Measured,
)

NOON = datetime(2027, 3, 1, 11, tzinfo=UTC)  # in Berlin
START = NOON + timedelta(hours=24)
T = NOON.timestamp()


def life(*steps: tuple[float, dict[str, Any]]) -> Life:
    made = Life()
    for offset, changes in steps:
        made.add(T + offset, changes)
    return made


def mail(
    *, text: str = "", starts: datetime = START, sequence: int = 2, entry: str = ""
) -> EmailMessage:
    made = EmailMessage()
    made["Message-ID"] = "<mid@here>"
    made["Subject"] = "Your appointment"
    made.set_content(text or "Hello Ada\n\nTuesday, 2 March 2027\n12:00 (Europe/Berlin)\n")
    entry = entry or (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:visit@here\r\n"
        f"DTSTART:{starts:%Y%m%dT%H%M%SZ}\r\nSEQUENCE:{sequence}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    made.add_attachment(entry, subtype="calendar")
    return made


def copy(**values: Any) -> Copy:
    usual = {
        "key": "1-2",
        "connection": "1-1",
        "began": T + 10,
        "at": T + 10.1,
        "recipients": ("ada@mail.example",),
        "code": 250,
        "mode": "ok",
        "mail": mail(),
        "answered": T + 10.1,
        "closed": T + 11,
        "said_quit": True,
        "is_last": True,
    }
    return Copy(**{**usual, **values})


def contact(address: str = "ada@mail.example", zone: str = "Europe/Berlin") -> dict[str, Any]:
    since = "2027-01-01T00:00:00+00:00"
    return {"patient_id": 1, "address": address, "verified_at": since, "time_zone": zone}


def message(**values: Any) -> dict[str, Any]:
    usual = {
        "clinic_id": 1,
        "patient_id": 1,
        "treatment_session_id": 1,
        "public_id": "row",
        "rule_id": 1,
        "kind": "reminder",
        "schedule_rev": 1,
        "not_before": NOON.isoformat(),
        "expires_at": (START - timedelta(hours=2)).isoformat(),
        "state": "planned",
        "reason": "",
        "message_id": "mid",
        "maybe_twice": False,
        "sent_to": "",
    }
    return {**usual, **values}


SENT = {"state": "sent", "sent_to": "ada@mail.example"}


def clean() -> Evidence:
    """One patient, one visit, one reminder that went as it should."""
    lives: dict[str, dict[int, Life]] = {name: {} for name in TABLES}
    lives[PATIENTS][1] = life((-9, {"deceased": False, "given_name": "Ada"}))
    lives[CONTACTS][1] = life((-9, contact()))
    given = {"given_at": "2027-01-01T00:00:00+00:00", "withdrawn_at": None}
    lives[CONSENTS][1] = life((-9, {"patient_id": 1, "kind": "email", **given}))
    visit = {"public_id": "visit", "patient_id": 1, "status": "planned", "schedule_rev": 1}
    lives[SESSIONS][1] = life((-9, {**visit, "starts_at": START.isoformat()}))
    lives[MESSAGES][1] = life((-9, message()), (9, {"state": "sending"}), (10.2, SENT))
    return Evidence(
        copies=[copy()],
        calls=[],
        injuries=[],
        lives=lives,
        tasks=[],
        clinics={1: {"time_zone": "Europe/Berlin"}},
        rules={1: {"kind": "reminder", "hours": 24, "days": None}},
        measured=Measured(begins=T, calm=T + 300, drained=9, left=0, ended=T + 400),
    )


def violated(evidence: Evidence) -> set[str]:
    return {verdict.key for verdict in judge(evidence) if verdict.violations}
