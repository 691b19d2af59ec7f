"""A calendar entry as text (RFC 5545): one event, without alarm or attendee."""

from datetime import UTC, datetime

LINE = 75  # octets, without the line break (3.1)
ESCAPED = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,"})


def write(
    *,
    uid: str,
    revision: int,
    begins: datetime,
    ends: datetime,
    summary: str,
    location: str,
    now: datetime,
) -> str:
    """Return the entry; a later one with the same `uid` and a higher revision replaces it."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Appointments//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_text(uid)}",
        f"DTSTAMP:{_instant(now)}",
        f"DTSTART:{_instant(begins)}",
        f"DTEND:{_instant(ends)}",
        f"SEQUENCE:{revision}",
        f"SUMMARY:{_text(summary)}",
        *([f"LOCATION:{_text(location)}"] if location else []),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    return value.translate(ESCAPED)


def _folded(line: str) -> str:
    """Break a long line between characters; what follows begins with a space."""
    if len(line.encode()) <= LINE:
        return line
    parts, length = [""], 0
    for character in line:
        octets = len(character.encode())
        if length + octets > LINE:
            parts.append(" ")
            length = 1
        parts[-1] += character
        length += octets
    return "\r\n".join(parts)
