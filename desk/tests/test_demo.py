"""The demo clinics, built once for all tests here: on an ordinary moment, and on a Sunday on which
the clocks change."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F, Max, OuterRef, Subquery

from clinic import clock, presence
from clinic.models import Clinic, User
from clinic.roles import Role
from desk import rems
from desk.demo.build import build
from desk.demo.people import everybody
from desk.demo.places import CITIES, cities_at
from desk.demo.today import SCENES
from monitoring import timeline
from monitoring.models import (
    CriticalAcknowledgement,
    Discharge,
    Emergency,
    PanicEpisode,
    PreDoseCheck,
    RemsFiling,
    SerotoninCheck,
    VitalSigns,
)
from monitoring.services import history
from patients.models import Patient, Task
from reminders import overlooked
from reminders.models import Message
from sessions import lifecycle
from sessions.lifecycle import PRESENT, Status
from sessions.models import Dose, Signature, StatusChange, TreatmentCourse, TreatmentSession
from sessions.services import asks, authorization
from sessions.services.booking import unplaced_key
from sessions.services.signing import content_hash

CLOCKS_CHANGE = datetime(2026, 11, 1, 17, 23, 40, tzinfo=UTC)  # a Sunday, noon in New York

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", params=[None, CLOCKS_CHANGE], ids=["now", "clocks-change"])
def now(request, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        moment = request.param or clock.now()
        patch.setattr(clock, "now", lambda *_: moment)
        build(moment)
        connection.close()
        yield moment
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def riverside(now) -> Clinic:
    return Clinic.objects.get(name="Riverside Practice")


@pytest.fixture
def scene(now, riverside):
    """Return the session of today of a scene, by the scene's name."""
    numbers = {
        scene.name: person.number for scene, person in zip(SCENES, everybody(), strict=False)
    }

    def find(name: str) -> TreatmentSession:
        of_patient = TreatmentSession.objects.filter(
            patient__record_number=f"R{2400 + numbers[name]}",
            starts_at__range=(now - timedelta(hours=5), now + timedelta(hours=3)),
        )
        return of_patient.select_related("clinic", "patient", "course__protocol", "chair").get()

    return find


def unmet(treatment_session, now) -> set[str]:
    return {condition.code for condition in history.load(treatment_session).gate(now).unmet}


def next_due(treatment_session, now):
    return timeline.next_due(history.load(treatment_session).due(now))


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("ready", Status.MONITORING),
        ("high pressure", Status.MONITORING),
        ("reading overdue", Status.MONITORING),
        ("on time", Status.MONITORING),
        ("overrun", Status.MONITORING),
        ("dosing", Status.DOSING),
        ("infusion", Status.DOSING),
        ("cleared", Status.CLEARED),
        ("checked in", Status.CHECKED_IN),
        ("late", Status.PLANNED),
        ("expected", Status.PLANNED),
        ("no-show", Status.NO_SHOW),
        ("left unsigned", Status.DISCHARGED),
    ],
)
def test_each_scene_of_the_day_has_come_to_its_status(scene, name, status):
    assert scene(name).status == status


def test_the_one_who_is_ready_may_leave(scene, now):
    assert unmet(scene("ready"), now) == set()


def test_high_pressure_alone_keeps_one_patient(scene, now):
    assert unmet(scene("high pressure"), now) == {"bp_high"}


def test_who_overruns_is_still_dissociated(scene, now):
    assert unmet(scene("overrun"), now) == {"dissociation", "assessment"}


def test_the_reading_at_forty_minutes_is_overdue(scene, now):
    due = next_due(scene("reading overdue"), now)
    assert (due.label, due.state) == ("40 minutes", "overdue")


@pytest.mark.parametrize("name", ["on time", "infusion"])
def test_nothing_is_due_yet_for_who_is_on_time(scene, now, name):
    assert next_due(scene(name), now).state == "upcoming"


def test_a_running_infusion_has_no_end(scene, now):
    assert "infusion_running" in unmet(scene("infusion"), now)


def test_the_first_of_two_devices_is_given(scene):
    doses = Dose.objects.filter(treatment_session=scene("dosing"))
    assert list(doses.values_list("number", "order__dose_mg")) == [(1, Decimal(56))]


@pytest.mark.parametrize("name", ["cleared", "dosing"])
def test_nothing_is_missing_for_a_dose(scene, now, name):
    assert authorization.missing(scene(name), now) == []


def test_the_late_one_was_expected_about_twenty_minutes_ago(scene, now):
    late_by = now - scene("late").starts_at
    assert timedelta(minutes=20) <= late_by < timedelta(minutes=26)


def test_an_overrun_meets_the_next_booking_of_the_chair(scene):
    overrun, following = scene("overrun"), scene("checked in")
    assert overrun.chair == following.chair
    assert overrun.ends_at <= following.starts_at


def test_the_whole_day_lies_on_one_local_date(riverside, now):
    today = now.astimezone(riverside.zone).date()
    of_today = TreatmentSession.objects.filter(
        clinic=riverside, starts_at__range=(now - timedelta(hours=5), now + timedelta(hours=3))
    )
    days = {row.starts_at.astimezone(riverside.zone).date() for row in of_today}
    assert (of_today.count(), days) == (len(SCENES), {today})


def test_the_practices_lie_in_different_zones(now):
    assert Clinic.objects.values("time_zone").distinct().count() == 2


def test_each_role_has_its_person(riverside):
    held = {m.user.username: m.role for m in riverside.memberships.select_related("user")}
    assert held == {
        "frontdesk": Role.FRONT_DESK,
        "nurse": Role.NURSE,
        "prescriber": Role.PRESCRIBER,
        "admin": Role.ADMINISTRATOR,
        "auditor": Role.AUDITOR,
    }
    assert User.objects.get(username="nurse").check_password("taper-demo")


def test_only_administrator_and_auditor_may_open_the_admin(now):
    staff = User.objects.filter(is_staff=True).values_list("username", flat=True)
    assert set(staff) == {"admin", "auditor"}


def test_every_ending_and_every_course_status_occurs(now):
    ended = set(TreatmentSession.objects.values_list("status", flat=True))
    assert ended == set(Status.values)
    courses = set(TreatmentCourse.objects.values_list("status", flat=True))
    assert courses == set(TreatmentCourse.Status.values)


def test_a_course_runs_on_an_older_version_of_its_protocol(now):
    assert TreatmentCourse.objects.filter(protocol__status="retired", status="active").exists()


def test_messages_have_come_to_every_state_that_lasts(now):
    states = set(Message.objects.values_list("state", flat=True))
    assert states == set(Message.State.values) - {"sending", "held", "dismissed"}
    assert Message.objects.filter(maybe_twice=True, state="sent").exists()


def test_the_sweep_finds_nothing_that_was_forgotten(now):
    assert overlooked.overlooked(overlooked.rules_in_use(), now) == []


def test_silence_and_mail_that_could_not_go_each_leave_a_call(riverside):
    asked = Task.objects.open().filter(clinic=riverside, kind=Task.Kind.NO_ANSWER)
    begins = sorted(
        text.partition(" follow-up")[0] for text in asked.values_list("text", flat=True)
    )
    assert begins == ["Gets no", "No answer to the"]


def test_a_failed_message_has_its_task(riverside):
    message = Message.objects.get(state="failed", clinic=riverside)
    assert Task.objects.open().filter(source_id=message.public_id).count() == 1


def test_nobody_is_written_to_without_an_address_that_may_be_used(now):
    sent = Message.objects.filter(state__in=["sent", "planned"])
    assert not sent.filter(patient__email_contact__verified_at__isnull=True).exists()
    assert not sent.exclude(patient__email_contact__address__contains="@example.").exists()


def test_some_patients_may_not_be_treated(riverside, now):
    today = now.astimezone(riverside.zone).date()
    reasons = {reason for row in Patient.objects.all() for reason in row.not_treatable(today)}
    assert reasons == {"The patient has died.", "The patient is under 18."}


def test_one_screen_clears_in_spite_of_a_finding_and_the_chart_outran_another(riverside, now):
    for condition, rule, is_known in (
        ("Bipolar disorder, depressed", "bipolar", True),
        ("Transient ischaemic attack", "tia", False),
    ):
        patient = Patient.objects.get(clinic=riverside, condition_set__text=condition)
        screen = patient.safety_screens.latest("pk")
        present = set(screen.answers.filter(answer="present").values_list("rule", flat=True))
        assert (rule in present) is is_known
        first = TreatmentSession.objects.filter(patient=patient).earliest("starts_at")
        lacks = {line.text for line in authorization.missing(first, first.starts_at)}
        assert any(condition in line for line in lacks) is not is_known


def test_the_last_step_of_a_session_is_its_status(now):
    last = StatusChange.objects.filter(treatment_session=OuterRef("pk")).order_by("-pk")
    told = TreatmentSession.objects.annotate(last=Subquery(last.values("to_status")[:1]))
    assert not told.exclude(last=F("status")).exclude(last=None, status="planned").exists()


def test_every_step_is_one_that_the_product_allows(now):
    for change in StatusChange.objects.all():
        step = lifecycle.step(change.from_status, change.to_status)
        assert change.reason or not step.needs_reason


def test_what_waits_for_a_signature_has_the_products_task(now):
    """Settling the cause closes the demo's tasks, as it closes those of the product."""
    waiting = TreatmentSession.objects.unsigned().filter(doses__isnull=False).distinct()
    keys = {asks.sign_key(row) for row in waiting}
    open_ = Task.objects.open().filter(kind=Task.Kind.SIGNATURE)
    assert keys
    assert set(open_.values_list("dedupe_key", flat=True)) == keys


def test_what_has_no_date_is_asked_for_in_the_products_words(now):
    for task in Task.objects.filter(kind=Task.Kind.UNPLACED_SESSIONS):
        assert task.source_id is not None
        course = TreatmentCourse.objects.get(public_id=task.source_id)
        assert task.dedupe_key.startswith(unplaced_key(course, ""))
        assert " has no date: " in task.text


def test_nothing_on_record_lies_after_now(now):
    assert VitalSigns.objects.aggregate(at=Max("recorded_at"))["at"] <= now
    assert Dose.objects.aggregate(at=Max("recorded_at"))["at"] <= now
    assert StatusChange.objects.aggregate(at=Max("recorded_at"))["at"] <= now
    assert Signature.objects.aggregate(at=Max("signed_at"))["at"] <= now


def test_every_dose_had_a_check_before_it(now):
    checked = PreDoseCheck.objects.values("treatment_session")
    assert not Dose.objects.exclude(treatment_session__in=checked).exists()


def test_everybody_left_with_the_gate_satisfied(now):
    open_ = [row for row in Discharge.objects.all() if not all(c["met"] for c in row.gate)]
    assert open_ == []
    assert Discharge.objects.count() == TreatmentSession.objects.filter(status="discharged").count()


def test_a_signature_vouches_for_the_rows_that_are_there(now):
    signature = Signature.objects.select_related("treatment_session").order_by("-pk")[0]
    whole = signature.treatment_session
    assert signature.content_hash == content_hash(whole, signature.fields)


def test_present_patients_sit_somewhere(riverside):
    present = TreatmentSession.objects.filter(clinic=riverside, status__in=PRESENT)
    assert not present.filter(stays__isnull=True).exists()


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("month", [1, 4, 7, 11])
def test_at_any_hour_the_first_practice_is_in_its_working_day(month, hour):
    moment = datetime(2027, month, 15, hour, 30, tzinfo=UTC)
    near, far = cities_at(moment)
    assert 8 <= moment.astimezone(ZoneInfo(near.zone)).hour < 18
    assert near in CITIES
    assert far.zone != near.zone


def test_rems_forms_are_overdue_due_and_filed(riverside, now):
    waiting = rems.load(riverside, now)
    ages = [sheet.is_overdue for sheet in waiting.unfiled]
    assert ages.count(True) == 1
    assert False in ages
    assert waiting.changed == []
    assert RemsFiling.objects.filter(treatment_session__clinic=riverside).count() > 50


def test_a_prescriber_is_on_site_at_each_practice(now):
    for clinic in Clinic.objects.all():
        assert not presence.read(clinic.pk, now).is_empty


def test_hard_days_are_on_record_with_what_was_done(now):
    episode = PanicEpisode.objects.get()
    assert episode.event.resolved_at is not None
    assert episode.entries.filter(code="end", outcome="settled").exists()
    check = SerotoninCheck.objects.get()
    assert (check.verdict, check.result.verdict) == ("negative", "negative")
    emergency = Emergency.objects.get()
    assert emergency.treatment_session.status == Status.TRANSFERRED
    last = emergency.actions.order_by("pk").reverse()[0]
    assert emergency.treatment_session.transfer.handed_over_at == last.at
    seen = CriticalAcknowledgement.objects.values_list("how", flat=True)
    assert list(seen) == ["seen", "prescriber"]
