"""The dry run in the admin: what a draft's settings would have changed in past sessions."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_staff
from monitoring.services import discharge, events, record
from monitoring.tests.visits import Clock, Visit
from sessions.admin.dry_run import past_sessions
from sessions.models import MonitoringTemplate, Protocol, TreatmentSession
from sessions.ports import dry_run
from sessions.services import publishing
from sessions.tests.factories import shipped
from sessions.trials import Compared

CHANGE = "admin:treatment_sessions_protocol_change"


@pytest.fixture
def draft(clinic: Clinic, administrator: User) -> Protocol:
    return publishing.new_draft(shipped(), by=administrator, clinic_id=clinic.pk)


@pytest.fixture
def office(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def url(protocol: Protocol) -> str:
    return reverse("admin:treatment_sessions_protocol_dry_run", args=[protocol.pk])


def change(protocol: Protocol, **values: Any) -> None:
    with acting(TESTS):
        MonitoringTemplate.objects.filter(protocol=protocol).update(**values)


def released(visit: Visit) -> Visit:
    visit.be_monitored()
    visit.pass_time()
    visit.settle()
    discharge.release(visit.pk, by=visit.nurse)
    return visit


@pytest.fixture
def past(visit: Visit) -> Visit:
    """A session that went well: the patient left two hours after the last device."""
    return released(visit)


def compare(protocol: Protocol) -> Compared:
    rows = TreatmentSession.objects.select_related("course__protocol__monitoring")
    (found,) = dry_run(MonitoringTemplate.objects.get(protocol=protocol), list(rows))
    return found


def text(page: Any) -> str:
    return " ".join(page.content.decode().split())


def test_a_copy_of_the_settings_changes_nothing(past: Visit, draft: Protocol) -> None:
    found = compare(draft)
    assert not found.differs
    assert found.before.open == ()
    assert found.before.ready_at == past.fresh().ended_at


def test_a_longer_minimum_time_keeps_the_patient(past: Visit, draft: Protocol) -> None:
    change(draft, min_minutes_after_last_dose=121)
    found = compare(draft)
    assert found.ready.kind == "lost"
    assert found.newly_open == ["Minimum time not over", "Assessment to come"]


def test_a_shorter_minimum_time_is_met_earlier(past: Visit, draft: Protocol) -> None:
    change(draft, min_minutes_after_last_dose=90)
    found = compare(draft)
    assert (found.settled.kind, found.settled.minutes) == ("earlier", -30)
    assert found.ready.kind == "same"


def test_a_lower_alert_names_the_values_that_would_have_been_critical(
    past: Visit, draft: Protocol
) -> None:
    change(draft, alert_systolic=124)
    raised = compare(draft).raised
    assert [(one.level, one.measure, len(one.times)) for one in raised] == [
        ("critical", "systolic pressure", 5)
    ]


def test_a_value_corrected_after_the_departure_counts_as_corrected(
    past: Visit, draft: Protocol, clock: Clock
) -> None:
    row = past.fresh().vital_signs.latest("observed_at")
    clock.forward(minutes=30)
    right = replace(record.measured_of(row), spo2=93)
    record.correct_vitals(
        row, right, by=past.nurse, observed_at=row.observed_at, reason="Read from the paper"
    )
    found = compare(draft)
    assert found.before.ready_at is None
    assert found.before.open == ("SpO₂ unknown or too low",)
    change(draft, spo2_min=93)
    assert compare(draft).ready.kind == "gained"


def test_an_adverse_event_counts_until_its_end_was_recorded(
    visit: Visit, draft: Protocol, clock: Clock
) -> None:
    visit.be_monitored()
    nausea = events.Reported(term="Nausea", severity="mild")
    event = events.report(visit.pk, nausea, by=visit.nurse)
    visit.pass_time()
    clock.forward(minutes=5)
    events.resolve(event, "Passed", at=clock.now - timedelta(minutes=4), by=visit.nurse)
    visit.settle()
    discharge.release(visit.pk, by=visit.nurse)
    assert compare(draft).before.settled_at == clock.now


def test_a_check_missed_under_other_settings_is_named(past: Visit, draft: Protocol) -> None:
    with acting(TESTS):
        draft.monitoring.checks.create(label="Ten minutes", anchor="first_dose", minute=10)
    assert "Ten minutes" in compare(draft).newly_overdue


def test_the_page_counts_and_lists_what_would_differ(
    office: Client, past: Visit, draft: Protocol
) -> None:
    change(draft, min_minutes_after_last_dose=121)
    page = text(office.get(url(draft), {"last": "50"}))
    assert "1 of 1 session would differ" in page
    assert "0 were not ready with the settings they had, and 1 would not have been" in page
    assert past.patient.record_number in page
    assert "not before they left" in page


def test_the_page_shows_no_name_and_no_value(office: Client, past: Visit, draft: Protocol) -> None:
    change(draft, alert_systolic=124, alert_spo2=99, spo2_min=99)
    page = text(office.get(url(draft), {"last": "50"}))
    assert "critical, systolic pressure" in page
    assert past.patient.family_name not in page
    assert past.patient.given_name not in page
    assert "124" not in page


def test_sessions_without_a_difference_are_named_too(
    office: Client, past: Visit, draft: Protocol
) -> None:
    page = text(office.get(url(draft), {"last": "50"}))
    assert "0 of 1 session would differ" in page
    assert past.patient.record_number in page


def test_nothing_is_tried_before_it_is_asked(office: Client, past: Visit, draft: Protocol) -> None:
    page = office.get(url(draft))
    assert page.context["made"] is None
    assert 'value="50"' in text(page)
    assert not AuditEvent.objects.filter(event="protocol.dry_run").exists()


def test_looking_is_recorded_with_the_sessions(
    office: Client, past: Visit, draft: Protocol
) -> None:
    office.get(url(draft), {"last": "50"})
    event = AuditEvent.objects.get(event="protocol.dry_run")
    assert (event.actor_label, event.clinic_id) == ("admin", draft.clinic_id)
    assert event.detail["sessions"] == [past.pk]


def test_nothing_else_is_written(office: Client, past: Visit, draft: Protocol) -> None:
    before = AuditEvent.objects.count()
    office.get(url(draft), {"last": "50"})
    assert AuditEvent.objects.count() == before + 1


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({"last": ""}, "last", "Type how many sessions: 1 to 200."),
        ({"last": "0"}, "last", "Type 1 to 200 sessions."),
        ({"last": "201"}, "last", "Type 1 to 200 sessions."),
        ({"last": "-5"}, "last", "Type a number in plain digits"),
        ({"last": "1e2"}, "last", "Type a number in plain digits"),
        ({"last": "５"}, "last", "Type a number in plain digits"),
        ({"last": "5", "since": "21.11.2026"}, "since", "Enter a date as year-month-day"),
        ({"last": "5", "until": "2026-02-30"}, "until", "Enter a date as year-month-day"),
        ({"last": "5", "until": "9999-12-31"}, "until", "Enter a year between"),
        ({"last": "5", "since": "2026-11-02", "until": "2026-11-01"}, "since", "after the last"),
        ({"since": "2026-11-01"}, "last", "Type how many sessions"),
    ],
)
def test_what_can_not_be_asked_is_refused_in_words(
    office: Client, draft: Protocol, query: dict[str, str], field: str, words: str
) -> None:
    page = office.get(url(draft), query)
    assert page.status_code == 200
    assert words in " ".join(page.context["form"].errors[field])
    assert page.context["made"] is None
    assert "Nothing was tried." in text(page)


def test_settings_that_contradict_each_other_are_refused_in_words(
    office: Client, past: Visit, draft: Protocol
) -> None:
    change(draft, peak_window_from=90)
    page = office.get(url(draft), {"last": "5"})
    assert "peak window from must not be after peak window to" in text(page)
    assert page.context["made"] is None


def test_a_version_without_a_template_is_refused_in_words(office: Client, draft: Protocol) -> None:
    with acting(TESTS):
        draft.monitoring.checks.all().delete()
        draft.monitoring.delete()
    assert "has no monitoring template yet" in text(office.get(url(draft), {"last": "5"}))
    assert office.get(reverse(CHANGE, args=[draft.pk])).status_code == 200


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_only_administrators_may_try_settings(
    client: Client, clinic: Clinic, draft: Protocol, role: Role
) -> None:
    user = make_staff(clinic, role, "someone")
    with acting(TESTS):
        user.is_staff = True
        user.save()
    client.force_login(user)
    assert client.get(url(draft), {"last": "5"}).status_code == 403
    assert not AuditEvent.objects.filter(event="protocol.dry_run").exists()


def test_another_clinics_draft_is_not_found(
    client: Client, other_clinic: Clinic, draft: Protocol
) -> None:
    client.force_login(make_staff(other_clinic, Role.ADMINISTRATOR, "elsewhere"))
    assert client.get(url(draft), {"last": "5"}).status_code == 404


def test_sessions_of_another_clinic_are_not_tried(
    client: Client, other_clinic: Clinic, past: Visit
) -> None:
    user = make_staff(other_clinic, Role.ADMINISTRATOR, "elsewhere")
    client.force_login(user)
    theirs = publishing.new_draft(shipped(), by=user, clinic_id=other_clinic.pk)
    assert "No session with a dose has ended" in text(client.get(url(theirs), {"last": "5"}))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, True),
        ({"since": "2026-11-23", "until": "2026-11-23"}, True),
        ({"since": "2026-11-23"}, True),
        ({"until": "2026-11-23"}, True),
        ({"since": "2026-11-24"}, False),
        ({"until": "2026-11-22"}, False),
    ],
)
def test_sessions_are_found_by_their_days(
    office: Client, past: Visit, draft: Protocol, query: dict[str, str], found: bool
) -> None:
    made = office.get(url(draft), {"last": "5", **query}).context["made"]
    assert made["summary"].sessions == int(found)


def test_sessions_of_another_route_and_open_ones_are_left_out(
    visit: Visit, clinic: Clinic, nurse: User
) -> None:
    visit.be_monitored()
    assert past_sessions(clinic, "nasal", 5, None, None) == ([], False)
    visit.pass_time()
    visit.settle()
    discharge.release(visit.pk, by=nurse)
    assert past_sessions(clinic, "nasal", 5, None, None) == ([visit.fresh()], False)
    assert past_sessions(clinic, "iv", 5, None, None) == ([], False)


@pytest.fixture
def two(past: Visit, nurse: User, prescriber: User, clock: Clock) -> tuple[Visit, Visit]:
    """Two sessions of two patients, a day apart."""
    clock.forward(hours=21)
    return past, released(Visit(nurse, prescriber, clock))


def test_the_latest_sessions_come_first(
    office: Client, two: tuple[Visit, Visit], draft: Protocol
) -> None:
    page = office.get(url(draft), {"last": "1"})
    assert [row.treatment_session.pk for row in page.context["made"]["same"]] == [two[1].pk]
    assert "There are more: the latest 1 was tried" in text(page)


def test_few_statements_however_many_sessions(
    office: Client, two: tuple[Visit, Visit], draft: Protocol
) -> None:
    office.get(url(draft), {"last": "1"})  # what is read once for each process
    counts = []
    for last, sessions in (("1", 1), ("2", 2)):
        with CaptureQueriesContext(connection) as captured:
            page = office.get(url(draft), {"last": last})
        assert page.context["made"]["summary"].sessions == sessions
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 25


def test_a_draft_says_whether_its_settings_were_tried(
    office: Client, past: Visit, draft: Protocol
) -> None:
    page = reverse(CHANGE, args=[draft.pk])
    assert "No dry run was made since" in text(office.get(page))
    assert url(draft) in text(office.get(page))
    office.get(url(draft), {"last": "5"})
    assert "were tried on past sessions on" in text(office.get(page))
    change(draft, spo2_min=95)
    assert "No dry run was made since" in text(office.get(page))
    change(draft, spo2_min=94)
    assert "were tried on past sessions on" in text(office.get(page))


def test_a_change_of_a_check_asks_for_another_dry_run(
    office: Client, past: Visit, draft: Protocol
) -> None:
    office.get(url(draft), {"last": "5"})
    with acting(TESTS):
        draft.monitoring.checks.filter(label="40 minutes").update(minute=41)
    assert "No dry run was made since" in text(office.get(reverse(CHANGE, args=[draft.pk])))
