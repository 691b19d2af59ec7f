"""What the checker says of the measurements after a run, and of mail that can't be written."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from faults import restore
from faults.checker import judge
from faults.checker.evidence import CONTACTS, MESSAGES, Evidence
from faults.tests.harmless import T, clean, contact, life, message, violated

PAGE = "docs/decisions/0047-who-judges-the-sender.md"
NOWHERE = "Nowhere/Land"
CLOSED = {"reason": "Why not"}


def looked_at(**measured: object) -> Evidence:
    evidence = clean()
    evidence.measured.quiet = {
        "settled": 1,
        "changed": [],
        "booked": {"usual": [0.05] * 12, "frozen": [0.06] * 12},
        "frozen_mail": 5.0,
        "beside_poison": 5.0,
        **measured,
    }
    return evidence


def test_a_calm_clinic_violates_nothing():
    assert violated(looked_at()) == set()


@pytest.mark.parametrize(
    ("measured", "key"),
    [
        ({"changed": [1]}, "R10"),
        ({"booked": {"usual": [0.6] * 12}}, "R11"),
        ({"booked": {"usual": [0.05] * 12, "frozen": [0.2] * 12}}, "R11"),
        ({"frozen_mail": 91.0}, "R11"),
        ({"beside_poison": 91.0}, "R16"),
    ],
)
def test_each_measurement_is_judged_by_itself(measured, key):
    assert violated(looked_at(**measured)) == {key}


def test_the_table_tells_the_slowest_bookings_too():
    booked = {"usual": [0.05] * 11 + [2.0]}
    told = {each.key: each.note for each in judge(looked_at(booked=booked))}
    assert "usual 50/2000" in told["R11"]


@pytest.mark.parametrize(("state", "keys"), [("suppressed", set()), ("failed", {"R13", "R16"})])
def test_a_patient_without_a_clock_gets_nothing(state, keys):
    evidence = looked_at()
    evidence.copies = []
    evidence.lives[CONTACTS][1] = life((-9, contact(zone=NOWHERE)))
    evidence.lives[MESSAGES][1] = life((-9, message()), (9, {"state": state, **CLOSED}))
    assert violated(evidence) == keys


@pytest.mark.parametrize(("state", "keys"), [("failed", set()), ("suppressed", {"R1", "R16"})])
def test_a_mail_that_cannot_be_written_fails(state, keys):
    evidence = looked_at()
    evidence.copies = []
    evidence.clinics[1]["time_zone"] = NOWHERE
    evidence.lives[MESSAGES][1] = life((-9, message()), (9, {"state": state, **CLOSED}))
    evidence.tasks = [{"source_id": "row", "closed_at": None, "closing_note": ""}]
    if state != "failed":
        evidence.tasks = []
    assert violated(evidence) == keys


def test_what_fell_due_after_the_run_is_not_judged_as_of_it():
    evidence = looked_at()
    evidence.clinics[1]["time_zone"] = NOWHERE
    evidence.measured.calm = T - 60
    assert "R16" not in violated(evidence)


def test_a_restore_is_violated_by_mail_that_leaves_and_by_mail_that_waits_for_nobody():
    assert restore.verdict(sent=9, again=0, waiting=9).violations == []
    assert len(restore.verdict(sent=9, again=2, waiting=9).violations) == 2
    assert len(restore.verdict(sent=9, again=0, waiting=8).violations) == 1


def test_each_statement_that_is_judged_is_documented():
    text = (Path(settings.BASE_DIR) / PAGE).read_text(encoding="utf-8")
    documented = re.findall(r"^- (R\d+): (.+)$", text, re.MULTILINE)
    found = [*judge(looked_at()), restore.verdict(0, 0, 0)]
    judged = [(each.key, each.statement) for each in sorted(found, key=lambda each: each.order)]
    assert documented == [each for each in judged if each[0].startswith("R")]
    assert len(documented) == 16
