from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.test import Client
from django.urls import reverse

from clinic import audit
from clinic.audit import acting
from clinic.models import AuditEvent, User
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_staff
from desk import live, present, seats
from monitoring.models import (
    AdverseEvent,
    AdverseEventResolution,
    Discharge,
    Escort,
    MissedCheck,
    PreDoseCheck,
    VitalSigns,
)
from monitoring.services import discharge, endings, events, way_home
from monitoring.tests.test_doses import HALF_MG_PER_KG, drip
from monitoring.tests.visits import ANSWERS, Clock, Visit
from sessions.lifecycle import Status
from sessions.models import ChairStay, Signature, StatusChange
from sessions.services import infusions, signing, steps
from sessions.tests.factories import take_step

TYPED = {"bp": "124/78", "pulse": "72", "spo2": "98", "sedation": "5", "dissociation": "0"}


@pytest.fixture(autouse=True)
def page_clock(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """Let the page read the held clock from the database."""
    read = live.read

    def held(*args):
        monkeypatch.setattr(live, "CLOCK", f"timestamptz '{clock.now.isoformat()}'")
        return read(*args)

    monkeypatch.setattr(live, "read", held)


def url(name: str, visit: Visit, *args: str) -> str:
    return reverse(name, args=[visit.row.public_id, *args])


def show(client: Client, visit: Visit, user: User) -> str:
    client.force_login(user)
    response = client.get(url("desk:session", visit))
    assert response.status_code == 200
    return response.content.decode()


def post(client: Client, path: str, **typed: object):
    return client.post(path, {"entry_id": str(uuid4()), **typed})


# who sees what


def test_a_stranger_finds_nothing(client: Client, visit: Visit, outsider: User) -> None:
    client.force_login(outsider)
    for name in ("desk:session", "desk:session_live", "monitoring:vitals", "sessions:device"):
        assert client.get(url(name, visit)).status_code == 404


def test_the_front_desk_sees_no_clinical_value(
    client: Client,
    visit: Visit,
    front_desk: User,
) -> None:
    visit.be_cleared()
    visit.measure(systolic=133, diastolic=77)
    page = show(client, visit, front_desk)
    assert "133/77" not in page
    assert "Way home" in page
    assert client.get(url("desk:session_live", visit)).status_code == 403
    for name in (
        "monitoring:vitals",
        "monitoring:predose",
        "sessions:device",
        "monitoring:release",
    ):
        assert client.get(url(name, visit)).status_code == 403


def test_the_auditor_sees_all_and_does_nothing(
    client: Client,
    visit: Visit,
    auditor: User,
) -> None:
    visit.be_monitored()
    page = show(client, visit, auditor)
    assert "124/78" in page
    assert "btn-wide" not in page
    assert post(client, url("monitoring:vitals", visit), **TYPED).status_code == 403


def test_a_look_is_on_record(client: Client, visit: Visit, nurse: User) -> None:
    """INV-7: repeated looks within ten minutes are one."""
    show(client, visit, nurse)
    show(client, visit, nurse)
    assert AuditEvent.objects.filter(event="session.read", actor_id=nurse.pk).count() == 1


# one primary action for each state


def test_each_state_shows_its_action(client: Client, visit: Visit, nurse: User) -> None:
    def button() -> str:
        page = show(client, visit, nurse)
        return page.split('btn-wide mt-2">')[1].split("<")[0]

    assert button() == "Check in"
    visit.arrive()
    assert button() == "Save pre-dose check"
    visit.check()
    assert button() == "Save vital signs"
    visit.measure()
    assert button() == "Clear for dosing"
    visit.clear()
    assert button() == "Record device 1"
    visit.clock.forward(minutes=1)
    visit.device()
    assert button() == "Record device 2"
    visit.clock.forward(minutes=5)
    visit.device()
    assert button() == "Save vital signs"
    visit.pass_time()
    assert button() == "Save assessment"
    visit.settle()
    assert button() == "Release the patient"


def test_the_day_by_its_forms(
    client: Client,
    visit: Visit,
    nurse: User,
    prescriber: User,
) -> None:
    client.force_login(nurse)
    version = {"version": visit.row.version}
    sheet = url("desk:session", visit)
    checked_in = post(client, url("sessions:step", visit, "checked_in"), **version)
    assert checked_in.headers["Location"] == sheet
    visit.clock.forward(minutes=1)
    post(client, url("monitoring:predose", visit), **ANSWERS)
    post(client, url("monitoring:vitals", visit), **TYPED)
    post(client, url("sessions:step", visit, "cleared"), version=visit.fresh().version)
    for number in (1, 2):
        visit.clock.forward(minutes=5)
        device = {"lot": "L7", "outcome": "complete", "number": number}
        post(client, url("sessions:device", visit), **device)
    last = visit.clock.now
    assert visit.status == Status.MONITORING
    for minutes in (36, 60, 90, 120):
        visit.clock.to(last + timedelta(minutes=minutes))
        post(client, url("monitoring:vitals", visit), **TYPED)
    post(client, url("monitoring:escort", visit), kind="adult", name="Sam")
    post(client, url("monitoring:assess", visit), ready="yes")
    at_the_door = {"collected": "named", "instructions": "printed"}
    post(client, url("monitoring:release", visit), **at_the_door)
    assert visit.status == Status.DISCHARGED
    client.force_login(prescriber)
    post(client, url("sessions:sign", visit), version=visit.fresh().version)
    assert Signature.objects.get().signed_by == prescriber
    assert "Reviewed and approved" in show(client, visit, nurse)


# refusals and words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"bp": "900/10"}, "can&#x27;t be"),
        ({"bp": "80/120"}, "higher number comes first"),
        ({"bp": "120"}, "with a slash"),
        ({"pulse": "0"}, "can&#x27;t be"),
        ({"spo2": "101"}, "can&#x27;t be"),
        ({"spo2": "-"}, "plain digits"),
        ({"spo2": "n/a"}, "plain digits"),
        ({"pulse": "1e2"}, "plain digits"),
        ({"pulse": "１２"}, "plain digits"),
        ({"pulse": " 84 "}, "plain digits"),
        ({"sedation": "6"}, "can&#x27;t be"),
        ({"sedation": "2.5"}, "plain digits"),
        ({"observed_at": "0001-01-01 10:00"}, "14:05"),
        ({"observed_at": "9999-12-31 10:00"}, "14:05"),
        ({"observed_at": "2026-11-23 23:59"}, "ahead"),
        ({"note": "x" * 501}, "500"),
    ],
)
def test_what_vital_signs_are_refused_for(
    client: Client,
    visit: Visit,
    nurse: User,
    typed: dict,
    words: str,
) -> None:
    visit.arrive()
    client.force_login(nurse)
    response = post(client, url("monitoring:vitals", visit), **{**TYPED, **typed})
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not VitalSigns.objects.exists()


def test_a_lost_key_is_said(client: Client, visit: Visit, nurse: User) -> None:
    visit.arrive()
    client.force_login(nurse)
    response = client.post(url("monitoring:vitals", visit), TYPED)
    assert "lost its key" in response.content.decode()


def test_a_rare_value_asks_once_and_keeps_what_was_typed(
    client: Client,
    visit: Visit,
    nurse: User,
) -> None:
    visit.arrive()
    client.force_login(nurse)
    key = {"entry_id": str(uuid4()), **TYPED, "bp": "230/130"}
    asked = client.post(url("monitoring:vitals", visit), key).content.decode()
    assert "230 is rare" in asked
    assert 'value="230/130"' in asked
    client.post(url("monitoring:vitals", visit), {**key, "confirmed": "on"})
    assert VitalSigns.objects.get().systolic == 230
    assert "230 is at or over 180" in show(client, visit, nurse)


def test_the_same_post_again_is_the_first_one(
    client: Client,
    visit: Visit,
    nurse: User,
) -> None:
    visit.arrive()
    client.force_login(nurse)
    typed = {"entry_id": str(uuid4()), **TYPED}
    for _ in range(2):
        again = client.post(url("monitoring:vitals", visit), typed)
        assert again.status_code == 302
    assert VitalSigns.objects.count() == 1
    other = client.post(url("monitoring:vitals", visit), {**typed, "pulse": "90"})
    assert other.status_code == 409
    assert VitalSigns.objects.count() == 1


def test_htmx_gets_the_form_alone_and_then_the_sheet(
    client: Client,
    visit: Visit,
    nurse: User,
) -> None:
    visit.arrive()
    client.force_login(nurse)
    path, htmx = url("monitoring:vitals", visit), {"HX-Request": "true"}
    typed = {"entry_id": str(uuid4()), **TYPED, "pulse": "x"}
    wrong = client.post(path, typed, headers=htmx).content.decode()
    assert wrong.strip().startswith("<form")
    saved = client.post(path, {**typed, "pulse": "72"}, headers=htmx)
    assert saved.headers["HX-Redirect"] == url("desk:session", visit)


def test_a_stale_page_takes_no_step(client: Client, visit: Visit, nurse: User) -> None:
    visit.arrive()
    client.force_login(nurse)
    path = url("sessions:step", visit, "deferred")
    stale = post(client, path, version=visit.row.version, reason="Fever")
    assert stale.status_code == 409
    assert "Fever" in stale.content.decode()
    assert visit.status == Status.CHECKED_IN


def test_a_step_that_does_not_exist_is_explained_on_the_sheet(
    client: Client,
    visit: Visit,
    nurse: User,
) -> None:
    client.force_login(nurse)
    response = client.get(url("sessions:step", visit, "transferred"), follow=True)
    assert "can’t become" in response.content.decode().replace("&#x27;", "’")
    for to_status in ("discharged", "dosing", "nonsense"):
        assert client.get(url("sessions:step", visit, to_status)).status_code == 404


def test_another_clinics_chair_is_no_choice(
    client: Client,
    visit: Visit,
    nurse: User,
    other_clinic,
) -> None:
    visit.arrive()
    client.force_login(nurse)
    foreign = other_clinic.rooms.get().chairs.first()
    response = post(client, url("sessions:sit", visit), chair=str(foreign.public_id))
    assert "Choose a chair of this clinic" in response.content.decode()
    assert not visit.row.stays.exists()


# the second person


def override(
    client: Client, visit: Visit, username: str, password: str, code: str = "", **changes: str
) -> str:
    """Override as the page offers it, with what it shows as open."""
    form = client.get(url("monitoring:override", visit)).context["form"]
    shown = {name: form[name].value() for name in ("shown", "rows")}
    second = {"second_username": username, "second_password": password, "second_code": code}
    typed = {**shown, "reason": "Bridge closes at noon", **second, **changes}
    response = post(client, url("monitoring:override", visit), **typed)
    return response.content.decode()


@pytest.fixture
def second(prescriber: User) -> User:
    """Return a prescriber who has a password."""
    prescriber.set_password("a long good password")
    with acting(TESTS):
        prescriber.save()
    return prescriber


def test_a_second_person_signs_the_override_with_a_password(
    client: Client,
    visit: Visit,
    nurse: User,
    second: User,
) -> None:
    visit.be_monitored()
    client.force_login(nurse)
    assert "No second person" in override(client, visit, "prescriber", "wrong")
    assert "No second person" in override(client, visit, "nurse", "wrong")
    assert visit.status == Status.MONITORING
    assert AuditEvent.objects.filter(event="override.witness_refused").count() == 2
    override(client, visit, "prescriber", "a long good password")
    assert visit.status == Status.DISCHARGED
    assert Discharge.objects.get().second_person == second


@pytest.fixture
def half_a_minute(monkeypatch: pytest.MonkeyPatch) -> int:
    """Return the half minute that codes are of, which lasts as long as the test does."""
    counter = next(auth.yield_hotp_counters_from_time())
    monkeypatch.setattr(auth, "yield_hotp_counters_from_time", lambda: iter([counter]))
    return counter


def test_a_second_person_with_a_second_factor_gives_its_code_too(
    client: Client, visit: Visit, nurse: User, second: User, half_a_minute: int
) -> None:
    secret = generate_totp_secret()
    TOTP.activate(second, secret)
    code = format_hotp_value(hotp_value(secret, half_a_minute))
    visit.be_monitored()
    client.force_login(nurse)
    for wrong in ("", "000000"):
        page = override(client, visit, "prescriber", "a long good password", wrong)
        assert "No second person" in page
    assert visit.status == Status.MONITORING
    for early in ({"reason": "Strike"}, {"shown": "minimum_time"}, {"rows": ""}):
        override(client, visit, "prescriber", "a long good password", code, **early)
    key = str(uuid4())
    for _ in range(2):
        override(client, visit, "prescriber", "a long good password", code, entry_id=key)
    assert visit.status == Status.DISCHARGED
    assert AuditEvent.objects.filter(event="override.witness_refused").count() == 2
    assert Authenticator.objects.get(user=second).last_used_at is not None
    assert "account_authentication_methods" not in client.session


def test_two_nurses_are_told_so_before_a_code_is_spent(
    client: Client, visit: Visit, nurse: User, half_a_minute: int
) -> None:
    colleague = make_staff(visit.patient.clinic, Role.NURSE, "colleague")
    colleague.set_password("a long good password")
    with acting(TESTS):
        colleague.save()
    secret = generate_totp_secret()
    TOTP.activate(colleague, secret)
    code = format_hotp_value(hotp_value(secret, half_a_minute))
    visit.be_monitored()
    client.force_login(nurse)
    for password in ("a long good password", "wrong"):
        page = override(client, visit, "colleague", password, code)
        assert "One of the two has to be a prescriber" in page
    assert Authenticator.objects.get(user=colleague).last_used_at is None


def test_the_override_names_what_is_open_and_the_sheet_says_so_on_top(
    client: Client, visit: Visit, nurse: User, second: User
) -> None:
    visit.be_monitored()
    client.force_login(nurse)
    form = client.get(url("monitoring:override", visit)).content.decode()
    assert "120 of the 120 minutes after the last dose are still to go." in form
    assert "Nobody is named to take the patient home" in form
    short = override(client, visit, "prescriber", "a long good password", reason="Strike")
    assert "10 characters or more" in short
    override(client, visit, "prescriber", "a long good password")
    alerts = show(client, visit, nurse).split('id="sheet-alerts"')[1].split('id="now"')[0]
    assert "Released by override" in alerts
    assert "Bridge closes at noon" in alerts
    assert "Nobody is named to take the patient home" in alerts


def test_what_came_up_while_the_form_was_open_is_shown_before_it_is_overridden(
    client: Client, visit: Visit, nurse: User, second: User
) -> None:
    visit.be_monitored()
    client.force_login(nurse)
    page = override(client, visit, "prescriber", "a long good password", shown="minimum_time")
    assert "Open since you looked" in page
    page = override(client, visit, "prescriber", "a long good password", rows="")
    assert "More was recorded since you looked" in page
    assert visit.status == Status.MONITORING


def test_guessing_the_second_password_ends_soon(
    client: Client,
    visit: Visit,
    nurse: User,
    prescriber: User,
) -> None:
    visit.be_monitored()
    client.force_login(nurse)
    for _ in range(5):
        override(client, visit, "prescriber", "guess")
    assert "Too many attempts" in override(client, visit, "prescriber", "guess")


# the flowsheet


def test_a_correction_strikes_the_old_value_through(
    client: Client,
    visit: Visit,
    nurse: User,
) -> None:
    visit.arrive()
    wrong = visit.measure(systolic=115, diastolic=94)
    client.force_login(nurse)
    path = reverse("monitoring:correct", args=[wrong.public_id])
    post(
        client,
        path,
        **{**TYPED, "bp": "151/94"},
        observed_at="2026-11-23 10:00",
        reason="Digits swapped",
    )
    page = show(client, visit, nurse)
    assert "<del>115/94</del>" in page
    assert "151/94" in page
    assert "Digits swapped" in page


def test_only_who_may_decide_on_a_high_pressure_is_asked_to_and_others_measure(
    client: Client, visit: Visit, nurse: User, prescriber: User
) -> None:
    visit.be_monitored()
    visit.pass_time()
    discharge.name_escort(visit.pk, kind="adult", name="Sam", by=nurse)
    visit.clock.forward(minutes=1)
    visit.measure(systolic=168, diastolic=104)
    measuring = show(client, visit, nurse)
    assert "Save vital signs" in measuring
    assert "Save assessment" not in measuring
    deciding = show(client, visit, prescriber)
    assert "Save assessment" in deciding
    gate = deciding.split('id="sheet-gate"')[1]
    assert url("monitoring:vitals", visit) in gate.split("What is met")[0]


def test_no_step_is_offered_past_an_infusion_that_runs(
    client: Client, nurse: User, prescriber: User, clock: Clock
) -> None:
    visit = Visit(nurse, prescriber, clock, key="ketamine-iv-twice-weekly", order=HALF_MG_PER_KG)
    visit.be_cleared()
    visit.second_check()
    infusions.start(visit.pk, drip(), by=nurse)
    assert "No more devices" not in show(client, visit, nurse)


def test_who_watches_is_asked_beside_the_state_not_above_the_form(
    client: Client, visit: Visit, nurse: User
) -> None:
    visit.be_monitored()
    page = show(client, visit, nurse)
    above, status = page.split('id="sheet-status"')
    assert "Nobody watches" not in above
    assert url("monitoring:take_over", visit) in status.split("<form")[0]


def test_a_late_entry_wears_a_badge(client: Client, visit: Visit, nurse: User) -> None:
    visit.arrive()
    taken = visit.clock.now
    visit.clock.forward(minutes=20)
    visit.measure(at=taken)
    assert "late entry" in show(client, visit, nurse)


def test_an_overdue_check_is_a_red_column(client: Client, visit: Visit, nurse: User) -> None:
    visit.be_monitored()
    assert 'class="is-late"' not in show(client, visit, nurse)
    visit.clock.forward(minutes=41)
    page = show(client, visit, nurse)
    assert 'class="is-late"' in page
    assert "Overdue" in page


def test_an_overrun_is_said(client: Client, visit: Visit, nurse: User) -> None:
    visit.be_monitored()
    visit.clock.to(visit.row.ends_at + timedelta(minutes=1))
    assert "overruns" in show(client, visit, nurse)


def test_what_happened_is_told_by_time(client: Client, visit: Visit, nurse: User) -> None:
    visit.arrive()
    visit.clock.forward(minutes=2)
    reported = events.Reported("Nausea", "mild")
    events.report(visit.pk, reported, by=nurse)
    visit.clock.forward(minutes=2)
    steps.sit(visit.pk, place="Sofa", by=nurse)
    visit.clock.forward(minutes=2)
    take_step(visit.pk, Status.DEFERRED, by=nurse, reason="Fever")
    told = show(client, visit, nurse).partition("What happened")[2]
    places = [told.index(words) for words in ("Arrived", "Nausea", "Sofa", "On hold")]
    assert places == sorted(places)


# live


def poll(client: Client, visit: Visit, tag: str):
    path = f"{url('desk:session_live', visit)}?version={visit.fresh().version}"
    return client.get(path, headers={"X-Poll": "1", "If-None-Match": tag})


def test_a_refresh_is_empty_until_something_happens(
    client: Client,
    visit: Visit,
    nurse: User,
    django_assert_num_queries,
) -> None:
    visit.be_monitored()
    client.force_login(nurse)
    tag = client.get(url("desk:session", visit)).context["poll_tag"]
    version = visit.fresh().version
    path = f"{url('desk:session_live', visit)}?version={version}"
    with django_assert_num_queries(3):
        assert client.get(path, headers={"X-Poll": "1", "If-None-Match": tag}).status_code == 304
    visit.measure()
    answer = poll(client, visit, tag)
    assert answer.status_code == 200
    assert b"sheet-flow" in answer.content
    assert b"<form" not in answer.content
    assert poll(client, visit, answer.context["poll_tag"]).status_code == 304


def test_a_step_taken_while_the_page_is_made_is_noticed_by_the_next_refresh(
    client: Client, visit: Visit, nurse: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit.arrive()
    visit.check()
    visit.measure()

    client.force_login(nurse)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("desk.views.session.audit.read", lambda *_: visit.clear())
        tag = client.get(url("desk:session", visit)).context["poll_tag"]
    assert visit.status == Status.CLEARED
    assert poll(client, visit, tag).status_code == 200


def test_a_signature_is_noticed(client: Client, visit: Visit, nurse: User) -> None:
    visit.be_monitored()
    visit.pass_time()
    visit.settle()
    discharge.release(visit.pk, by=nurse)
    client.force_login(nurse)
    tag = client.get(url("desk:session", visit)).context["poll_tag"]
    assert poll(client, visit, tag).status_code == 304
    signing.sign(visit.pk, by=visit.prescriber, version=visit.fresh().version)
    assert poll(client, visit, tag).status_code == 200


def test_the_sheet_says_who_took_the_patient_home_and_how_the_instructions_went(
    client: Client, visit: Visit, nurse: User
) -> None:
    visit.be_monitored()
    visit.pass_time()
    visit.settle()
    leaving = way_home.Leaving("adult", "Sam Hale", "printed")
    discharge.release(visit.pk, by=nurse, leaving=leaving)
    client.force_login(nurse)
    page = client.get(url("desk:session", visit)).content.decode()
    assert "Taken home by <b>Sam Hale</b> (accompanying adult)." in page
    assert "Instructions: printed and handed over." in page


def test_who_left_unnoticed_is_not_said_to_have_left_against_advice(
    client: Client, visit: Visit, nurse: User
) -> None:
    visit.be_monitored()
    endings.is_gone(visit.pk, by=nurse, version=visit.fresh().version)
    client.force_login(nurse)
    page = client.get(url("desk:session", visit)).content.decode()
    status = page.split('id="sheet-status"')[1].split("</div>")[0:6]
    assert "Left unnoticed" in "".join(status)
    assert "Left against advice" not in "".join(status)


def test_a_refresh_with_values_is_on_record_and_an_empty_one_is_not(
    client: Client, visit: Visit, nurse: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INV-7: whoever keeps a sheet open reads on."""
    monkeypatch.setattr(audit, "READ_FOLD_MINUTES", 0)
    visit.be_monitored()
    client.force_login(nurse)
    tag = client.get(url("desk:session", visit)).context["poll_tag"]
    reads = AuditEvent.objects.filter(event="session.read", actor_id=nurse.pk)
    assert poll(client, visit, tag).status_code == 304
    assert reads.count() == 1
    visit.measure()
    assert poll(client, visit, tag).status_code == 200
    assert reads.count() == 2


def test_time_alone_changes_the_sheet_at_the_second(
    client: Client,
    visit: Visit,
    nurse: User,
) -> None:
    visit.be_monitored()
    client.force_login(nurse)
    first = visit.row.doses.earliest("given_at").given_at
    visit.clock.to(first + timedelta(minutes=44, seconds=58))
    tag = client.get(url("desk:session", visit)).context["poll_tag"]
    visit.clock.forward(seconds=1)
    assert poll(client, visit, tag).status_code == 304
    visit.clock.forward(seconds=1)
    answer = poll(client, visit, tag)
    assert answer.status_code == 200
    assert b"Overdue" in answer.content


def test_a_session_that_moved_on_says_so(client: Client, visit: Visit, nurse: User) -> None:
    visit.arrive()
    client.force_login(nurse)
    path = f"{url('desk:session_live', visit)}?version={visit.fresh().version}"
    take_step(visit.pk, Status.DEFERRED, by=nurse, reason="Fever")
    answer = client.get(path, headers={"X-Poll": "1"})
    assert "may be out of date" in answer.content.decode()


@pytest.mark.parametrize("systolic", [(120, 190), (190, 120)])
def test_of_two_sets_with_the_same_time_both_alarm_on_sheet_and_card(
    client: Client, visit: Visit, nurse: User, systolic: tuple[int, int]
) -> None:
    visit.be_monitored()
    visit.clock.forward(minutes=10)
    for value in systolic:
        visit.measure(systolic=value)
    words = "Systolic pressure 190 is at or over 180"
    assert words in show(client, visit, nurse)
    (row,) = present.present(visit.row.clinic, visit.clock.now, None)
    assert words in seats.seat(row, visit.clock.now).alerts[0]


# how many queries


def fill(visit: Visit, number: int) -> None:
    """Add many rows of each kind at once, as no visit has."""

    row, nurse, now = visit.fresh(), visit.nurse, visit.clock.now
    of = {"treatment_session": row}
    times = [now - timedelta(seconds=n) for n in range(number)]
    written = {"recorded_at": now, "recorded_by": nurse}
    answers = {**ANSWERS, "completed_by": nurse}
    with acting(TESTS):
        VitalSigns.objects.bulk_create(
            VitalSigns(**of, observed_at=at, systolic=120, diastolic=80, **written) for at in times
        )
        PreDoseCheck.objects.bulk_create(
            PreDoseCheck(**of, completed_at=at, **answers) for at in times
        )
        happened = AdverseEvent.objects.bulk_create(
            AdverseEvent(**of, term="Nausea", severity="mild", onset_at=at, **written)
            for at in times
        )
        ended = {"resolved_at": now, "resolution": "Gone", "by": nurse, "recorded_at": now}
        AdverseEventResolution.objects.bulk_create(
            AdverseEventResolution(**of, event=event, **ended) for event in happened[::2]
        )
        Escort.objects.bulk_create(Escort(**of, kind="adult", name="Sam", **written) for _ in times)
        ChairStay.objects.bulk_create(
            ChairStay(**of, place="Sofa", since=at, by=nurse) for at in times
        )
        MissedCheck.objects.bulk_create(
            MissedCheck(**of, label=f"Check {n}", reason="Asleep", by=nurse, at=at)
            for n, at in enumerate(times)
        )
        StatusChange.objects.bulk_create(
            StatusChange(
                **of, from_status="planned", to_status="checked_in", at=at, recorded_at=at, by=nurse
            )
            for at in times
        )


@pytest.mark.parametrize("state", ["planned", "arrived", "cleared", "dosing", "monitoring"])
def test_the_sheet_asks_as_much_for_many_rows_as_for_few(
    client: Client,
    visit: Visit,
    nurse: User,
    state: str,
    django_assert_max_num_queries,
) -> None:
    if state == "arrived":
        visit.arrive()
    elif state != "planned":
        visit.be_cleared()
        visit.clock.forward(minutes=1)
    if state in {"dosing", "monitoring"}:
        visit.device()
    if state == "monitoring":
        visit.clock.forward(minutes=5)
        visit.device()
    client.force_login(nurse)
    path = url("desk:session", visit)
    client.get(path)
    with django_assert_max_num_queries(7) as few:
        client.get(path)
    fill(visit, 100)
    with django_assert_max_num_queries(7) as many:
        client.get(path)
    assert len(many) == len(few)


def test_saving_vital_signs_asks_little(
    client: Client,
    visit: Visit,
    nurse: User,
    django_assert_max_num_queries,
) -> None:
    visit.arrive()
    client.force_login(nurse)
    client.get(url("desk:session", visit))
    with django_assert_max_num_queries(20) as asked:
        post(client, url("monitoring:vitals", visit), **TYPED)
    assert VitalSigns.objects.count() == 1
    frames = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "SELECT set_config")
    assert len([q for q in asked if not (q["sql"] or "").startswith(frames)]) <= 10
