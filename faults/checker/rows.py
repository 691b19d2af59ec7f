"""R1, R13 and the clients' notes: the ledger and the record at the end of the run."""

from collections import Counter, defaultdict
from collections.abc import Callable

from faults.checker.evidence import (
    CONSENTS,
    CONTACTS,
    HOLDS,
    MESSAGES,
    SESSIONS,
    Call,
    Evidence,
    Life,
    Row,
    epoch,
    local,
)
from faults.checker.mails import SLEEPS, WAKES, sequence
from faults.checker.verdict import Verdict

DAY, LONGEST_WAIT = 86_400.0, 1200.0  # seconds; between two tries at most
SETTLING = 60.0  # seconds before the calm in which a change may still be on its way to a mail


def judge(evidence: Evidence) -> list[Verdict]:
    return [losses(evidence), dead_letters(evidence), acknowledged(evidence)]


def losses(evidence: Evidence) -> Verdict:
    verdict = Verdict("R1", "no loss: what was due was sent, or says why not")
    for pk, life in evidence.lives[MESSAGES].items():
        row = life.now
        verdict.look(not _is_stuck(evidence, life), f"message {pk} is still {row['state']}")
        if row["state"] == "sent":
            accepted = evidence.copies_of.get(row["message_id"], [])
            verdict.look(
                any(copy.recipients == (row["sent_to"],) for copy in accepted),
                f"message {pk} is “sent”, but no mail arrived",
            )
        elif row["state"] in {"suppressed", "failed", "cancelled"}:
            verdict.look(bool(row["reason"]), f"message {pk} is {row['state']} without a reason")
    _look_from_the_visits(evidence, verdict)
    return verdict


def _is_stuck(evidence: Evidence, life: Life) -> bool:
    """It was due in the run and is neither at its end nor put off to a morning."""
    was_due = epoch(life.states[0]["not_before"]) < evidence.measured.calm
    waits = epoch(life.now["not_before"]) > evidence.measured.ended + LONGEST_WAIT
    return life.now["state"] in {"planned", "sending"} and was_due and not waits


def _look_from_the_visits(evidence: Evidence, verdict: Verdict) -> None:
    """Ask from the other end, without the ledger: who should have heard of his visit?"""
    heard = {
        (str(event["UID"]).partition("@")[0], int(event["SEQUENCE"]))
        for copies in evidence.copies_of.values()
        for copy in copies
        for event in copy.events
    }
    failed = {
        (row["treatment_session_id"], row["schedule_rev"])
        for row in (life.now for life in evidence.lives[MESSAGES].values())
        if row["state"] == "failed"
    }
    for pk, life in evidence.lives[SESSIONS].items():
        row = life.now
        if not _should_have_heard(evidence, life):
            continue
        known = (row["public_id"], sequence(row)) in heard
        verdict.look(known or (pk, row["schedule_rev"]) in failed, f"nobody told of visit {pk}")


def _should_have_heard(evidence: Evidence, life: Life) -> bool:
    row, calm = life.now, evidence.measured.calm - SETTLING
    patient = row["patient_id"]
    contacts = evidence.of_patient[CONTACTS][patient]
    if not contacts or row["status"] != "planned":
        return False
    told = [life, *contacts, *evidence.of_patient[CONSENTS][patient]]
    told += evidence.of_patient[HOLDS][patient]
    if evidence.may_be_written_to(patient, calm) or any(each.since[-1] > calm for each in told):
        return False
    due = epoch(row["starts_at"]) - DAY
    zone = contacts[0].now["time_zone"]
    wall, then = local(due, zone), local(calm, zone)
    if wall is None or then is None:
        return False
    awake = all(WAKES <= clock.hour < SLEEPS for clock in (wall, then))
    return awake and due < calm


def dead_letters(evidence: Evidence) -> Verdict:
    verdict = Verdict("R13", "each failed message has exactly one open task; a closed one says how")
    asked = Counter(task["source_id"] for task in evidence.tasks if task["closed_at"] is None)
    mails: dict[str, list[str]] = defaultdict(list)  # what failed as one mail has one task
    for life in evidence.lives[MESSAGES].values():
        mails[life.now["message_id"]].append(life.now["public_id"])
    for pk, life in evidence.lives[MESSAGES].items():
        if life.now["state"] == "failed":
            own = life.now["public_id"]
            count = asked[own] or any(asked[part] for part in mails[life.now["message_id"]])
            verdict.look(count == 1, f"message {pk} has failed and has {count} open tasks")
    for task in evidence.tasks:
        if task["closed_at"] is not None:
            verdict.look(bool(task["closing_note"]), f"a task was closed without a word: {task}")
    return verdict


def acknowledged(evidence: Evidence) -> Verdict:
    """Whatever a client was told is saved must be found, whatever crashed since."""
    verdict = Verdict("ack", "every change that was acknowledged is in the record")
    for call in evidence.calls:
        if call.outcome == "ok":
            verdict.look(_is_kept(evidence, call), f"{call.name} of {call.session}: not found")
    return verdict


def _is_kept(evidence: Evidence, call: Call) -> bool:
    contacts = evidence.of_patient[CONTACTS][call.patient]
    session = evidence.lives[SESSIONS][call.session]
    if call.name in {"cancel", "no_show"}:
        wanted = {"cancel": "cancelled", "no_show": "no_show"}[call.name]
        return _became(session, call, lambda row: row["status"] == wanted)
    if call.name.startswith("move"):
        return _became(session, call, lambda row: "starts_at" in row)
    if call.name == "withdraw":
        consents = evidence.of_patient[CONSENTS][call.patient]
        return any(_became(life, call, lambda row: bool(row["withdrawn_at"])) for life in consents)
    if call.name == "hold":
        holds = evidence.of_patient[HOLDS][call.patient]
        return any(_became(life, call, lambda row: row["lifted_at"] is None) for life in holds)
    name = {"address": "address", "zone": "time_zone"}[call.name]
    value = call.values[call.name]
    return any(_became(life, call, lambda row: row[name] == value) for life in contacts)


def _became(life: Life, call: Call, holds: Callable[[Row], bool]) -> bool:
    """Return whether it was committed during the call; saving what was there changes nothing."""
    state = life.at(call.ended)
    during = any(call.began <= since <= call.ended for since in life.since)
    return state is not None and holds(state) and (during or call.name == "zone")
