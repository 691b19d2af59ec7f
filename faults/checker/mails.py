"""R2 to R7, R14: each copy of each mail, judged by what was committed when its DATA began."""

import re
from collections.abc import Iterator

from faults.checker.evidence import (
    MESSAGES,
    PATIENTS,
    Copy,
    Evidence,
    Row,
    epoch,
    instant,
    local,
)
from faults.checker.verdict import Verdict

# A message about a visit may go while the visit is in one of these states.
BEFORE, AFTER = {"planned"}, {"discharged", "left_against_advice"}
STATUSES = {
    "preparation": BEFORE,
    "reminder": BEFORE,
    "late_booking": BEFORE,
    "changed": BEFORE,
    "follow_up": AFTER,
    "questionnaire": AFTER,
    "instructions": {"discharged"},
    "missed": {"no_show"},
    "called_off": {"cancelled", "deferred", "no_show"},
}
AT_ANY_HOUR = {"instructions", "on_call", "changed", "called_off"}  # asked for, or urgent
WAKES, SLEEPS = 8, 20  # o'clock, on the patient's wall
WORDS = (
    *("ketamin", "spravato", "nasal", "infusion", "intraven", "dose", "devices", "drug"),
    *("depress", "psychiat", "mental", "suicid", "anxiety", "bipolar", "treatment", "therapy"),
)
LINK = re.compile(r"/p/[\w.-]+")
PREVIEW = 200  # characters of the body that a locked phone may show
DOT_TO_COMMIT = 3.0  # seconds from the server's answer to the commit, on a busy machine


def judge(evidence: Evidence) -> list[Verdict]:
    person = Verdict("R2", "right person: the address verified when DATA began, one recipient")
    consent = Verdict("R3", "consent to e-mail, no hold, alive, when DATA began")
    stands = Verdict("R4", "the visit stood, unmoved, when DATA began")
    window = Verdict("R6", "not before it is due, not when expired, not in quiet hours")
    text = Verdict("R7", "date, time, zone in the text; the instant, UID, SEQUENCE in the ICS")
    zones = Verdict("R9", "of these, patient in another zone than the clinic, or zone changed")
    privacy = Verdict("R14", "no drug, diagnosis or speciality in subject, preview, heads, ICS")
    for copy in evidence.copies:
        rows = evidence.rows_in(copy)
        stands.look(bool(rows), f"{copy.key}: nothing was being sent under {copy.message_id}")
        privacy.look(not (found := _spoken(copy)), f"{copy.key}: {found}")
        before = len(text.violations) + len(window.violations) + len(person.violations)
        for pk, row in rows:
            _look_at_person(evidence, copy, row, person)
            why = evidence.may_be_written_to(row["patient_id"], copy.began)
            consent.look(not why, f"{copy.key} of message {pk}: {why}")
            _look_at_visit(evidence, copy, pk, row, stands)
            _look_at_window(evidence, copy, pk, row, window)
            _look_at_text(evidence, copy, pk, row, text)
        if _is_elsewhere(evidence, copy, rows):
            after = len(text.violations) + len(window.violations) + len(person.violations)
            zones.look(before == after, f"{copy.key}: see R2, R6, R7")
    return [person, consent, stands, copies(evidence), window, text, zones, privacy]


def _look_at_person(evidence: Evidence, copy: Copy, row: Row, verdict: Verdict) -> None:
    contact = evidence.contact(row["patient_id"], copy.began)
    address = contact["address"] if contact else ""
    verdict.look(
        copy.recipients == (address,), f"{copy.key}: to {copy.recipients}, not to {address}"
    )
    person = evidence.lives[PATIENTS][row["patient_id"]].now
    verdict.look(
        person["given_name"] in copy.plain, f"{copy.key}: does not name {person['given_name']}"
    )


def _look_at_visit(evidence: Evidence, copy: Copy, pk: int, row: Row, verdict: Verdict) -> None:
    session = evidence.session(row, copy.began)
    if session is None:
        return
    wanted = STATUSES.get(row["kind"])
    verdict.look(
        wanted is None or session["status"] in wanted,
        f"{copy.key} of message {pk}: the visit was {session['status']}",
    )
    verdict.look(
        session["schedule_rev"] == row["schedule_rev"],
        f"{copy.key} of message {pk}: the visit had been moved",
    )


def _look_at_window(evidence: Evidence, copy: Copy, pk: int, row: Row, verdict: Verdict) -> None:
    begins, ends = epoch(row["not_before"]), epoch(row["expires_at"])
    verdict.look(
        begins <= copy.began < ends, f"{copy.key} of message {pk}: {copy.began - begins:+.1f} s"
    )
    if row["kind"] in AT_ANY_HOUR:
        return
    contact = evidence.contact(row["patient_id"], copy.began)
    clock = local(copy.began, contact["time_zone"]) if contact else None
    verdict.look(
        clock is not None and WAKES <= clock.hour < SLEEPS,
        f"{copy.key} of message {pk}: at {clock}",
    )


def _look_at_text(evidence: Evidence, copy: Copy, pk: int, row: Row, verdict: Verdict) -> None:
    if STATUSES.get(row["kind"]) is not BEFORE:
        return
    session = evidence.session(row, copy.began)
    contact = evidence.contact(row["patient_id"], copy.began)
    if session is None or contact is None:
        return
    starts = instant(session["starts_at"])
    clock = local(starts.timestamp(), contact["time_zone"])
    wanted = _spelled(clock, contact["time_zone"]) if clock else ["a zone that exists"]
    missing = [part for part in wanted if part not in copy.plain]
    verdict.look(not missing, f"{copy.key} of message {pk}: the text lacks {missing}")
    uid = str(session["public_id"])
    events = [event for event in copy.events if str(event["UID"]).startswith(uid)]
    right = [
        event
        for event in events
        if event.decoded("DTSTART") == starts
        and event.decoded("DTSTART").utcoffset().total_seconds() == 0
        and int(event["SEQUENCE"]) == sequence(session)
    ]
    verdict.look(
        len(events) == len(right) == 1, f"{copy.key} of message {pk}: {len(right)} right entries"
    )


def sequence(session: Row) -> int:
    """Return the number of the entry of a visit that stands; the odd ones take an entry away."""
    return 2 * int(session["schedule_rev"])


def _spelled(clock: object, zone: str) -> list[str]:
    return [f"{clock:%A}", f"{clock:%B}", f"{clock:%Y}", f"{clock:%H:%M}", zone]


def _spoken(copy: Copy) -> str:
    """Return the words that say too much; what a signed link spells is chance."""
    heads = " ".join(f"{name}: {value}" for name, value in copy.mail.items())
    calendar = " ".join(event.to_ical().decode() for event in copy.events)
    said = f"{heads} {copy.plain[:PREVIEW]} {calendar}".lower()
    said = LINK.sub("", said)
    return ", ".join(word for word in WORDS if word in said)


def _is_elsewhere(evidence: Evidence, copy: Copy, rows: list[tuple[int, Row]]) -> bool:
    for _, row in rows:
        contact = evidence.contact(row["patient_id"], copy.began)
        if contact is None:
            return False
        if contact["time_zone"] != evidence.clinics[row["clinic_id"]]["time_zone"]:
            return True
    return False


def copies(evidence: Evidence) -> Verdict:
    """R5: of what was accepted more than once, each copy but the last has its cause, and a flag."""
    verdict = Verdict("R5", "one copy; an extra one has its injected cause, Message-ID and flag")
    extra: dict[str, int] = {}
    for message_id, accepted in evidence.copies_of.items():
        verdict.look(
            message_id in evidence.by_message_id, f"no message has the Message-ID {message_id}"
        )
        for copy in accepted[:-1]:
            cause = next(_causes(evidence, copy), "")
            extra[cause] = extra.get(cause, 0) + 1
            verdict.look(bool(cause), f"{copy.key} and then another one: {message_id}")
        if len(accepted) > 1:
            rows = [life.now for _, life in evidence.by_message_id[message_id]]
            sent = [r for r in rows if (r["state"], r["message_id"]) == ("sent", message_id)]
            verdict.look(
                all(row["maybe_twice"] for row in sent), f"{message_id} twice, without the flag"
            )
    _look_for_twins(evidence, verdict)
    told = ", ".join(f"{count} by {cause or '?'}" for cause, count in sorted(extra.items()))
    verdict.note = f"extra copies: {sum(extra.values())}" + (f" ({told})" if told else "")
    return verdict


def _causes(evidence: Evidence, copy: Copy) -> Iterator[str]:
    """Return what was done to this very copy between its last dot and the ledger's commit."""
    if copy.mode in {"lost", "tarpit"}:
        yield f"{copy.mode} 250"
    for injury in evidence.injuries:
        began, ended = injury["began"], injury["ended"]
        if injury["what"] == "post" and copy.answered is None:
            if copy.began <= ended and began <= copy.at + DOT_TO_COMMIT:
                yield "mail server killed"
        elif injury["what"] == "crash":
            if copy.began <= ended and began <= (copy.answered or copy.at) + DOT_TO_COMMIT:
                yield "PostgreSQL crash"
        elif injury["what"] == "kill" and _broke_off(copy, began, ended):
            yield "sender killed"


def _broke_off(copy: Copy, began: float, ended: float) -> bool:
    """Return whether it was the last mail of a connection that broke off at that moment."""
    if not copy.is_last or copy.said_quit or copy.closed is None:
        return False
    return began - 0.5 <= copy.closed <= ended + 1.5


def _look_for_twins(evidence: Evidence, verdict: Verdict) -> None:
    """The same visit, kind and time must not be told of in two mails."""
    told: dict[tuple[object, ...], str] = {}
    for pk, life in evidence.lives[MESSAGES].items():
        row = life.now
        if row["message_id"] not in evidence.copies_of or row["state"] != "sent":
            continue
        about = (row["treatment_session_id"], row["kind"], row["schedule_rev"], row.get("rule_id"))
        if about[0] is None:
            continue
        other = told.setdefault(about, row["message_id"])
        verdict.look(other == row["message_id"], f"message {pk} tells again what {other} told")
