"""`manage.py simulate_protocol`: every date and dose, for people and for programs."""

import json
from datetime import date, datetime, time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from clinic.audit import acting
from clinic.models import Closure
from clinic.tests.factories import TESTS
from patients.tests.factories import make_patient
from sessions.management.commands import simulate_protocol
from sessions.services import publishing
from sessions.services.drafts import Choice, draft
from sessions.tests.factories import shipped

START = "2026-11-23"  # a Monday


def run(*arguments):
    out = StringIO()
    call_command("simulate_protocol", *arguments, stdout=out)
    return out.getvalue()


def plan(*arguments):
    return json.loads(run(*arguments, "--json"))


@pytest.fixture
def no_database(monkeypatch):
    """What ships with Taper needs none."""

    def refuse(*_):
        raise DatabaseError

    monkeypatch.setattr(simulate_protocol, "_from_database", refuse)


def test_dates_phases_and_devices(no_database):
    found = plan("esketamine-trd-us", "--start", START, "--weeks", "9")
    placed = [session["placed_on"] for session in found["sessions"]]
    assert placed[:3] == ["2026-11-23", "2026-11-26", "2026-11-30"]
    assert [s["phase"] for s in found["sessions"]].count("Induction") == 8
    first = found["sessions"][0]["doses"]
    assert [(d["mg"], d["devices"], d["is_default"]) for d in first] == [
        (56, 2, True),
        (84, 3, False),
    ]
    assert (found["version"], found["open_ended"]) == (None, True)


def test_closed_days_may_be_repeated_and_be_spans(no_database):
    closed = ["--closed", "2026-11-26", "2026-12-24..2026-12-26", "--closed", "2026-12-03"]
    found = plan("esketamine-trd-us", "--start", START, *closed)
    days = {session["placed_on"] for session in found["sessions"]}
    assert not days & {"2026-11-26", "2026-12-03", "2026-12-24"}
    assert found["sessions"][1]["shift_days"] == 1


def test_what_finds_no_day_keeps_its_number_and_says_why(no_database):
    found = plan("esketamine-trd-us", "--start", START, "--closed", "2026-11-30..2026-12-06")
    assert found["unplaced"] == [3, 4]
    third = found["sessions"][2]
    assert (third["number"], third["placed_on"], third["shift_days"]) == (3, None, None)
    assert "Every day of treatment week 2" in third["unplaced_reason"]


def test_weekdays_and_rhythm(no_database):
    found = plan("esketamine-trd-us", "--start", START, "--days", "mon,fri", "--rhythm", "2-weekly")
    assert found["sessions"][1]["placed_on"] == "2026-11-27"
    assert [s["week"] for s in found["sessions"] if s["number"] in (13, 14)] == [9, 11]


def test_doses_per_kg(no_database):
    found = plan("ketamine-iv-thrice-weekly", "--start", START, "--weight", "82.5")
    dose = found["sessions"][0]["doses"][0]
    assert (dose["mg"], dose["ml"], dose["ml_per_hour"], dose["minutes"]) == (
        41.3,
        41.3,
        62,
        40,
    )


def test_an_infusion_without_a_weight_says_what_it_needs(no_database):
    found = plan("ketamine-iv-thrice-weekly", "--start", START)
    dose = found["sessions"][0]["doses"][0]
    assert (dose["mg"], dose["ml_per_hour"], dose["needs"]) == (None, None, ["weight"])


@pytest.mark.parametrize(("age", "offered"), [("70", True), ("65", True), ("64", False)])
def test_doses_follow_the_age(no_database, age, offered):
    found = plan("esketamine-trd-eu", "--start", START, "--age", age)
    assert (28 in [dose["mg"] for dose in found["sessions"][0]["doses"]]) is offered


def test_every_date_says_why(no_database):
    found = plan("esketamine-trd-us", "--start", START, "--closed-weekdays", "thu,sat,sun")
    rules = [[step["rule"] for step in s["trace"]] for s in found["sessions"]]
    assert rules[1] == ["nominal", "closed", "moved"]
    assert found["sessions"][1]["trace"][1]["anchor"] == "2026-11-26"


def test_the_text_names_what_the_json_names(no_database):
    text = run("esketamine-trd-us", "--start", START, "--closed", "2026-11-26")
    assert "Fri 27 Nov 2026" in text
    assert "1 day later" in text
    assert "dose: 84 mg (3 devices)" in text
    assert "Warning:" not in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing", "--start", START], "Shipped: esketamine-emergency-eu"),
        (["taper", "--start", "2026-11-31"], "is not a date"),
        (["taper", "--start", "２０２６-11-23"], "is not a date"),
        (["taper", "--start", START, "--weeks", "0"], "1 to 520 weeks"),
        (["taper", "--start", START, "--weeks", "many"], "not a whole number"),
        (["taper", "--start", START, "--days", "someday"], "not weekdays"),
        (["taper", "--start", START, "--closed-weekdays", "mon"], "is closed"),
        (["taper", "--start", START, "--closed", "2026-12-02..2026-12-01"], "ends before"),
        (["taper", "--start", START, "--age", "12"], "18 or older"),
        (["taper", "--start", START, "--age", "-5"], "age of -5 years on day 1 can't be right"),
        (["taper", "--start", START, "--age", "5.5"], "not a whole number"),
        (["taper", "--start", START, "--weeks", "-1"], "1 to 520 weeks"),
        (["taper", "--start", "1890-01-01"], "between 1900 and 2200"),
        (["taper", "--start", START, "--rhythm", "weekly"], "leaves no rhythm"),
        (["taper", "--start", "9999-12-01"], "between 1900 and 2200"),
        (["ketamine-iv-twice-weekly", "--start", START, "--weight", "1e2"], "not a number"),
        (["ketamine-iv-twice-weekly", "--start", START, "--weight", "3"], "20 to 500 kg"),
        (["taper", "--start", START, "--clinic", "North"], "needs the database"),
    ],
)
def test_bad_arguments_end_in_a_sentence(no_database, arguments, words):
    with pytest.raises(CommandError, match=words):
        run(*arguments)


def test_the_newest_published_version_in_the_database_counts(db):
    shipped()
    assert plan("esketamine-trd-us", "--start", START)["version"] == 1


def test_a_clinics_own_version_counts_where_the_clinic_is_named(clinic, administrator):
    copy = publishing.new_draft(shipped(), by=administrator, clinic_id=clinic.pk)
    with acting(TESTS):
        copy.phases.filter(order=1).update(count=6)
    publishing.publish(copy.pk, by=administrator)
    own = plan("esketamine-trd-us", "--start", START, "--clinic", "North")
    assert [s["phase"] for s in own["sessions"]].count("Induction") == 6
    without = plan("esketamine-trd-us", "--start", START)
    assert [s["phase"] for s in without["sessions"]].count("Induction") == 8


def test_it_says_the_dates_that_booking_would_take(clinic):
    patient = make_patient(clinic)
    with acting(TESTS):
        Closure.objects.create(
            clinic=clinic, starts_on=date(2026, 12, 24), ends_on=date(2027, 1, 1), reason="Holidays"
        )
    choice = Choice(patient, shipped(), date(2026, 11, 23), (0, 3), time(10))
    now = datetime(2026, 11, 20, 12, tzinfo=clinic.zone)
    booked = [row.planned.placed_on for row in draft(choice, now=now).rows]
    found = plan(
        *("esketamine-trd-us", "--start", START, "--days", "mon,thu", "--weeks", "13"),
        *("--closed-weekdays", "sat,sun", "--closed", "2026-12-24..2027-01-01"),
    )
    assert [s["placed_on"] for s in found["sessions"]] == [day and str(day) for day in booked]


def test_a_broken_connection_falls_back_to_what_ships(db, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise DatabaseError

    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", refuse)
        assert plan("taper", "--start", START)["version"] is None
