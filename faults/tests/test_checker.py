"""The checker must see each kind of harm: one run without any, and one change at a time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clinic.models import Clinic
from faults.checker import judge
from faults.checker.evidence import (
    CONSENTS,
    CONTACTS,
    HOLDS,
    MESSAGES,
    PATIENTS,
    SESSIONS,
    Call,
    Copy,
    Evidence,
)
from faults.checker.verdict import Verdict, table
from faults.tests.harmless import (
    NOON,
    SENT,
    START,
    T,
    clean,
    contact,
    copy,
    life,
    mail,
    message,
    violated,
)
from reminders import calendars
from reminders.models import MessagePolicy
from reminders.words import words_in
from sessions.models import TreatmentSession


def test_a_run_without_harm_violates_nothing_and_looks_at_everything():
    found = judge(clean())
    assert violated(clean()) == set()
    looked = {verdict.key for verdict in found if verdict.checked}
    assert looked >= {"R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R12", "R14"}


def row_stays_open(evidence: Evidence) -> None:
    evidence.lives[MESSAGES][1] = life((-9, message()))
    evidence.copies = []


def marked_but_not_there(evidence: Evidence) -> None:
    evidence.copies = []


def never_planned(evidence: Evidence) -> None:
    evidence.lives[MESSAGES], evidence.copies = {}, []


def suppressed_without_a_word(evidence: Evidence) -> None:
    evidence.lives[MESSAGES][1].add(T + 20, {"state": "suppressed"})


def old_address(evidence: Evidence) -> None:
    evidence.lives[CONTACTS][1].add(T + 9.9, {"address": "new@mail.example"})


def other_address(evidence: Evidence) -> None:
    evidence.copies = [copy(recipients=("ada@mail.example", "bob@mail.example"))]


def other_name(evidence: Evidence) -> None:
    text = mail().get_body(("plain",)).get_content().replace("Ada", "Bob")  # type: ignore[union-attr]
    evidence.copies = [copy(mail=mail(text=text))]


def withdrawn(evidence: Evidence) -> None:
    evidence.lives[CONSENTS][1].add(T + 9.9, {"withdrawn_at": NOON.isoformat()})


def not_verified(evidence: Evidence) -> None:
    evidence.lives[CONTACTS][1].add(T + 9.9, {"verified_at": None})


def held(evidence: Evidence) -> None:
    evidence.lives[HOLDS][1] = life((9.9, {"patient_id": 1, "lifted_at": None}))


def died(evidence: Evidence) -> None:
    evidence.lives[PATIENTS][1].add(T + 9.9, {"deceased": True})


def cancelled(evidence: Evidence) -> None:
    evidence.lives[SESSIONS][1].add(T + 9.9, {"status": "cancelled"})


def moved(evidence: Evidence) -> None:
    evidence.lives[SESSIONS][1].add(T + 9.9, {"schedule_rev": 2})
    evidence.copies = [copy(mail=mail(sequence=4))]


def sent_when_cancelled_in_the_ledger(evidence: Evidence) -> None:
    evidence.lives[MESSAGES][1] = life(
        (-9, message()), (9, {"state": "cancelled", "reason": "moved"}), (10.2, SENT)
    )


def twice(**values: Any) -> list[Copy]:
    first = copy(connection="1-0", closed=T + 10.5, said_quit=False, **values)
    return [first, copy(key="1-3", began=T + 130, at=T + 130.1, answered=T + 130.1)]


def sent_again(evidence: Evidence, *, flag: bool, **values: Any) -> None:
    evidence.copies = twice(**values)
    evidence.lives[MESSAGES][1] = life(
        (-9, message()), (9, {"state": "sending"}), (130.2, {**SENT, "maybe_twice": flag})
    )


def twice_for_no_reason(evidence: Evidence) -> None:
    sent_again(evidence, flag=True)


def twice_without_the_flag(evidence: Evidence) -> None:
    sent_again(evidence, flag=False, mode="lost")


def twice_with_two_ids(evidence: Evidence) -> None:
    other = mail()
    other.replace_header("Message-ID", "<other@here>")
    evidence.copies += [copy(key="1-9", mail=other)]
    evidence.lives[MESSAGES][2] = life(
        (-9, message(message_id="other")), (9, {"state": "sending"}), (10.2, SENT)
    )


def too_early(evidence: Evidence) -> None:
    evidence.copies = [copy(began=T - 1)]
    evidence.lives[MESSAGES][1] = life((-9, message()), (-2, {"state": "sending"}), (10.2, SENT))


def too_late(evidence: Evidence) -> None:
    evidence.lives[MESSAGES][1].states[0]["expires_at"] = NOON.isoformat()
    evidence.lives[MESSAGES][1].states[1]["expires_at"] = NOON.isoformat()


def at_night(evidence: Evidence) -> None:
    evidence.lives[CONTACTS][1] = life((-9, contact(zone="Asia/Tokyo")))
    text = "Hello Ada\n\nTuesday, 2 March 2027\n20:00 (Asia/Tokyo)\n"
    evidence.copies = [copy(mail=mail(text=text))]


def clinic_time_in_the_text(evidence: Evidence) -> None:
    evidence.lives[CONTACTS][1] = life((-9, contact(zone="Europe/London")))


def wrong_instant_in_the_calendar(evidence: Evidence) -> None:
    evidence.copies = [copy(mail=mail(starts=START + timedelta(hours=1)))]


def old_sequence(evidence: Evidence) -> None:
    evidence.copies = [copy(mail=mail(sequence=0))]


def only_told_that_it_is_off(evidence: Evidence) -> None:
    evidence.copies = [copy(mail=mail(sequence=3))]


def planned_an_hour_late(evidence: Evidence) -> None:
    evidence.lives[MESSAGES][1].states[0]["not_before"] = (NOON + timedelta(hours=1)).isoformat()


def not_drained(evidence: Evidence) -> None:
    evidence.measured.left = 3


def failed_and_nobody_asked(evidence: Evidence) -> None:
    evidence.copies = []
    evidence.lives[MESSAGES][1].add(T + 20, {"state": "failed", "reason": "refused"})


def asked_twice(evidence: Evidence) -> None:
    failed_and_nobody_asked(evidence)
    evidence.tasks = [{"source_id": "row", "closed_at": None, "closing_note": ""}] * 2


def says_what_for(evidence: Evidence) -> None:
    told = mail()
    told.replace_header("Subject", "Your ketamine session")
    evidence.copies = [copy(mail=told)]


def acknowledged_and_gone(evidence: Evidence) -> None:
    evidence.calls = [Call("cancel", T, T + 1, "ok", session=1, patient=1)]


@pytest.mark.parametrize(
    ("harm", "keys"),
    [
        (row_stays_open, {"R1"}),
        (marked_but_not_there, {"R1"}),
        (never_planned, {"R1"}),
        (suppressed_without_a_word, {"R1"}),
        (old_address, {"R2"}),
        (other_address, {"R1", "R2"}),
        (other_name, {"R2"}),
        (withdrawn, {"R3"}),
        (not_verified, {"R3"}),
        (held, {"R3"}),
        (died, {"R3"}),
        (cancelled, {"R4"}),
        (moved, {"R4"}),
        (sent_when_cancelled_in_the_ledger, {"R4"}),
        (twice_for_no_reason, {"R5"}),
        (twice_without_the_flag, {"R5"}),
        (twice_with_two_ids, {"R5"}),
        (too_early, {"R6"}),
        (too_late, {"R6"}),
        (at_night, {"R6", "R8", "R9"}),
        (clinic_time_in_the_text, {"R7", "R9"}),
        (wrong_instant_in_the_calendar, {"R7"}),
        (old_sequence, {"R1", "R7"}),
        (only_told_that_it_is_off, {"R1", "R7"}),
        (planned_an_hour_late, {"R8"}),
        (not_drained, {"R12"}),
        (failed_and_nobody_asked, {"R13"}),
        (asked_twice, {"R13"}),
        (says_what_for, {"R14"}),
        (acknowledged_and_gone, {"ack"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_harm_is_seen(harm, keys):
    evidence = clean()
    harm(evidence)
    assert violated(evidence) == keys


def test_what_a_signed_link_spells_says_nothing():
    told = mail()
    told["List-Unsubscribe"] = "<https://here/p/uS3UTDose-x.5Drug_Z/>"
    evidence = clean()
    evidence.copies = [copy(mail=told)]
    assert violated(evidence) == set()


@pytest.mark.parametrize("revision", [1, 2])
def test_the_entry_that_a_reminder_carries_is_the_right_one(revision):
    visit = TreatmentSession(
        starts_at=START, ends_at=START + timedelta(hours=2), schedule_rev=revision
    )
    clinic = Clinic(sender_name="Practice", time_zone="Europe/Berlin")
    entry = calendars.entry(visit, clinic, MessagePolicy(), words_in("en"), NOON)
    evidence = clean()
    evidence.lives[SESSIONS][1].add(
        T - 8, {"public_id": str(visit.public_id), "schedule_rev": revision}
    )
    for state in evidence.lives[MESSAGES][1].states:
        state["schedule_rev"] = revision
    evidence.copies = [copy(mail=mail(entry=entry.text))]
    assert violated(evidence) == set()


@pytest.mark.parametrize(
    ("values", "injuries"),
    [
        ({"mode": "lost", "answered": None}, []),
        ({"answered": None}, [{"what": "post", "began": T + 10, "ended": T + 10.2}]),
        ({}, [{"what": "crash", "began": T + 10.15, "ended": T + 10.3}]),
        ({}, [{"what": "crash", "began": T + 9.8, "ended": T + 10.3}]),
        ({}, [{"what": "kill", "began": T + 10.4, "ended": T + 10.5}]),
    ],
    ids=["lost answer", "mail server killed", "database crashed", "in a crash", "sender killed"],
)
def test_a_second_copy_is_explained_by_what_was_done_to_the_first(values, injuries):
    evidence = clean()
    sent_again(evidence, flag=True, **values)
    evidence.injuries = injuries
    assert violated(evidence) == set()


def test_a_kill_of_somebody_else_explains_no_second_copy():
    evidence = clean()
    sent_again(evidence, flag=True)
    evidence.copies[0] = replace(evidence.copies[0], said_quit=True)
    evidence.injuries = [{"what": "kill", "began": T + 10.4, "ended": T + 10.5}]
    assert violated(evidence) == {"R5"}


def test_an_unknown_outcome_may_count_either_way():
    evidence = clean()
    evidence.calls = [Call("cancel", T, T + 1, "unknown", session=1, patient=1)]
    assert violated(evidence) == set()


def test_the_table_shows_each_statement_and_the_first_violations():
    broken = Verdict("R2", "right person", 7, [f"mail {number}" for number in range(9)])
    shown = table([Verdict("R1", "no loss", 3), broken])
    assert [line.split()[0] for line in shown.splitlines()[1:3]] == ["R1", "R2"]
    assert "mail 4" in shown
    assert "mail 5" not in shown
    assert "and 4 more" in shown
