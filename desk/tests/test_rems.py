"""The REMS form of a session: from the ending to the filing, and the list of those that wait."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, models
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.models import Clinic, RemsCertification, User
from clinic.tests.factories import TESTS
from desk.tests.factories import give, make_visit, measure, minutes
from monitoring.models import AdverseEvent, RemsFiling, RemsForm, RemsPolicy
from monitoring.services import discharge, record, rems
from monitoring.tests.visits import Clock, Visit
from patients.models import Medication, RemsEnrolment, Task
from patients.services import enrolment
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.services import signing
from sessions.tests.factories import take_step
from sessions.tests.rems import enrol_patient, make_certified, make_enrolled

ANSWERS = {
    "benzodiazepines": "no",
    "sedative_hypnotics": "no",
    "psychostimulants": "yes",
    "maois": "no",
    "opioids": "no",
    "serious": "no",
    "ready_minutes": 95,
}
TYPED = {name: str(value) for name, value in ANSWERS.items()}


@pytest.fixture
def done(visit: Visit) -> Visit:
    """A visit under REMS that was discharged after two hours."""
    make_enrolled(visit)
    with acting(TESTS):
        User.objects.update(email="staff@clinic.example")
        visit.row.clinic.__class__.objects.update(address="12 Mill Lane")
    visit.be_monitored()
    with acting(TESTS):
        visit.patient.__class__.objects.update(sex="female")
    visit.pass_time()
    visit.settle()
    visit.clock.forward(minutes=1)
    discharge.release(visit.pk, by=visit.nurse)
    return visit


def url(name: str, visit: Visit) -> str:
    return reverse(f"monitoring:{name}", args=[visit.row.public_id])


def post(client: Client, path: str, **typed: str) -> Any:
    return client.post(path, {"entry_id": str(uuid4()), **typed})


def form_of(visit: Visit) -> rems.Sheet:
    found = rems.load(visit.fresh(), visit.clock.now)
    assert found
    return found


def file_it(visit: Visit, **values: Any) -> RemsFiling:
    rems.record_answers(visit.pk, ANSWERS, by=visit.nurse)
    return rems.file(visit.pk, channel="online", by=visit.nurse, **values)


# when a form is due


def test_the_end_after_a_dose_asks_a_nurse_for_the_form_within_seven_days(done: Visit) -> None:
    task = Task.objects.get(kind=Task.Kind.REMS_FORM)
    local = task.due_at.astimezone(done.row.clinic.zone)
    assert (local.date() - done.clock.now.date()).days == 7
    assert (task.role, task.source_id) == ("nurse", done.row.public_id)
    assert form_of(done).due_on == local.date()


@pytest.mark.parametrize("how", ["transferred", "left_against_advice", "left_unnoticed"])
def test_every_ending_after_a_dose_needs_the_form(visit: Visit, how: str) -> None:
    make_enrolled(visit)
    visit.be_monitored()
    visit.clock.forward(minutes=30)
    if how == "left_unnoticed":
        discharge.record_departure(visit.pk, reason="Gone", by=visit.nurse)
    else:
        take_step(visit.pk, Status(how), by=visit.nurse, reason="Chest pain")
    assert Task.objects.filter(kind=Task.Kind.REMS_FORM).count() == 1
    sheet = form_of(visit)
    assert sheet.form.value("minutes") == "35"
    assert {field.key for field in sheet.form.missing} >= {"bp_peak", "bp_after", "sedation"}


def test_no_form_without_a_dose(visit: Visit) -> None:
    make_enrolled(visit)
    visit.be_cleared()
    take_step(visit.pk, Status.LEFT_BEFORE_DOSE, by=visit.nurse, reason="Ill")
    assert rems.load(visit.fresh(), visit.clock.now) is None
    with pytest.raises(ValidationError, match="asks for no form"):
        rems.record_answers(visit.pk, ANSWERS, by=visit.nurse)


@pytest.mark.parametrize("flags", [{"rems_certified": False}, {"inpatient": True}])
def test_no_form_where_rems_does_not_apply(done: Visit, flags: dict[str, bool]) -> None:
    with acting(TESTS):
        Clinic.objects.update(**flags)
    assert rems.load(done.fresh(), done.clock.now) is None


def begins(model: type[models.Model], **days: Any) -> None:
    with acting(TESTS):
        model._default_manager.update(**days)


@pytest.mark.parametrize(
    ("model", "name"), [(RemsCertification, "certified_on"), (RemsEnrolment, "enrolled_on")]
)
@pytest.mark.parametrize(("later", "due"), [(-300, True), (0, True), (1, False)])
def test_a_form_is_due_from_the_day_of_certification_and_enrolment(
    client: Client, done: Visit, model: type[models.Model], name: str, later: int, due: bool
) -> None:
    day = done.clock.now.astimezone(done.row.clinic.zone).date()
    begins(model, **{name: day + timedelta(days=later)})
    assert (rems.load(done.fresh(), done.clock.now) is not None) is due
    client.force_login(done.nurse)
    page = client.get(reverse("desk:rems"))
    assert bool(page.context["waiting"].unfiled) is due
    worklist = client.get(reverse("desk:worklist")).context["worklist"]
    assert bool(worklist.rems.unfiled) is due


def test_the_day_is_the_clinics_own(done: Visit) -> None:
    """At half past eleven in the evening in Los Angeles it is the next day by UTC."""
    with acting(TESTS):
        Clinic.objects.update(time_zone="America/Los_Angeles")
    zone = done.fresh().clinic.zone
    late = done.clock.now.astimezone(zone).replace(hour=23, minute=30)
    rows = TreatmentSession.objects.filter(pk=done.pk)
    with acting(TESTS):
        rows.update(starts_at=late, ends_at=late + minutes(15))
    begins(RemsEnrolment, enrolled_on=late.date())
    assert rems.load(done.fresh(), done.clock.now)
    begins(RemsEnrolment, enrolled_on=late.date() + timedelta(days=1))
    assert rems.load(done.fresh(), done.clock.now) is None


def test_sessions_from_before_rems_was_switched_on_wait_for_no_form(
    client: Client, clinic: Clinic, nurse: User, clock: Clock
) -> None:
    make_open(clinic, nurse, clock, 3, enrolled=False)
    make_certified(clinic)
    client.force_login(nurse)
    assert client.get(reverse("desk:rems")).context["waiting"].unfiled == []


def test_an_ended_enrolment_leaves_the_forms_of_its_sessions_due(done: Visit) -> None:
    row = RemsEnrolment.objects.get()
    enrolment.end(row.pk, ended_on=row.enrolled_on, reason="Never signed", by=done.nurse)
    assert rems.load(done.fresh(), done.clock.now)


def test_a_filed_form_stays(done: Visit) -> None:
    file_it(done)
    begins(RemsCertification, certified_on=done.clock.now.date() + timedelta(days=9))
    assert form_of(done).filing


def test_an_ending_of_a_patient_who_was_not_enrolled_asks_for_no_form(visit: Visit) -> None:
    make_enrolled(visit)
    visit.be_monitored()
    begins(RemsEnrolment, enrolled_on=visit.clock.now.date() + timedelta(days=9))
    take_step(visit.pk, Status.TRANSFERRED, by=visit.nurse, reason="Chest pain")
    assert not Task.objects.filter(kind=Task.Kind.REMS_FORM).exists()


def test_the_deadline_is_the_clinics_setting(done: Visit) -> None:
    with acting(TESTS):
        RemsPolicy.objects.create(clinic=done.row.clinic, file_within_days=3)
    assert (form_of(done).due_on - done.clock.now.date()).days == 3


# what it says


def takes(visit: Visit, text: str, **values: Any) -> None:
    with acting(TESTS):
        Medication.objects.create(
            patient=visit.patient, clinic=visit.patient.clinic, text=text, **values
        )


def test_the_form_takes_medicines_from_the_chart_as_of_the_day(done: Visit) -> None:
    day = done.clock.now.date()
    takes(done, "Klonapin 1mg")
    takes(done, "Nardil", started_on=day + timedelta(days=1))
    takes(done, "Ambien", status="stopped", stopped_on=day - timedelta(days=1))
    takes(done, "Vyvanse", status="stopped", stopped_on=day + timedelta(days=1))
    takes(done, "oxycodone", status="stopped")
    found = form_of(done).form
    keys = ("benzodiazepines", "maois", "sedative_hypnotics", "psychostimulants", "opioids")
    assert [found.value(key) for key in keys] == ["Yes", "No", "No", "Yes", "No"]
    assert {f.note for f in found.fields if f.key == "benzodiazepines"} == {"Klonapin 1mg"}


def test_an_unread_medicine_of_the_chart_leaves_the_answers_missing(done: Visit) -> None:
    takes(done, "Xyzzanol")
    missing = {field.key for field in form_of(done).form.missing}
    assert {"benzodiazepines", "maois", "opioids"} <= missing


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("death", "Death"),
        ("life_threatening", "Life-threatening"),
        ("hospitalisation", "Hospitalization"),
        ("disability", "Disability"),
        ("important_medical_event", "Important medical event"),
    ],
)
def test_why_an_event_is_serious_stands_on_the_form(done: Visit, code: str, words: str) -> None:
    with acting(TESTS):
        AdverseEvent.objects.create(
            treatment_session=done.fresh(),
            term="Syncope",
            severity="severe",
            serious=True,
            seriousness=[code],
            onset_at=done.clock.now,
            recorded_by=done.nurse,
            recorded_at=done.clock.now,
        )
    assert form_of(done).form.value("serious_1_criteria") == words


def test_the_form_tells_what_the_log_tells(done: Visit) -> None:
    sheet = form_of(done)
    expected = {
        "dose": "56 mg",
        "lots": "L1",
        "bp_before": "124/78",
        "bp_peak": "124/78",
        "minutes": "126",
        "minutes_after_last": "121",
        "enrolled": "P-1",
        "site_number": "S-1001",
        "provider_name": "nurse",
        "sedation": "No",
    }
    assert {key: sheet.form.value(key) for key in expected} == expected
    assert {field.key for field in sheet.form.missing} == set(ANSWERS) - {"ready_minutes"}


def test_a_correction_changes_the_form_and_nothing_comes_from_another_session(
    done: Visit,
) -> None:
    rems.record_answers(done.pk, ANSWERS, by=done.nurse)
    row = done.row.vital_signs.order_by("observed_at")[1]
    wrong = record.Measured(systolic=141, diastolic=82)
    record.correct_vitals(row, wrong, by=done.nurse, observed_at=row.observed_at, reason="Slip")
    assert form_of(done).form.value("bp_peak") == "141/82"
    other = make_visit(
        done.row.clinic,
        done.nurse,
        starts_at=done.clock.now,
        status=Status.DISCHARGED,
        ended_at=done.clock.now + minutes(130),
    )
    give(other, done.clock.now, done.nurse)
    enrol_patient(other.patient, done.prescriber, done.clock.now.date())
    sheet = rems.load(other, done.clock.now)
    assert sheet
    assert all(sheet.form.value(key) == "" for key in ("benzodiazepines", "bp_peak"))


def test_answers_are_versions_and_a_signed_session_takes_them(done: Visit) -> None:
    signing.sign(done.pk, by=done.prescriber, version=done.fresh().version)
    rems.record_answers(done.pk, {**ANSWERS, "maois": "yes"}, by=done.nurse)
    done.clock.forward(minutes=1)
    rems.record_answers(done.pk, ANSWERS, by=done.nurse)
    assert RemsForm.objects.count() == 2
    assert form_of(done).form.value("maois") == "No"
    assert list(signing.altered()) == []
    with pytest.raises(DatabaseError), acting(TESTS):
        RemsForm.objects.update(answers={})


# filing


def test_filing_keeps_the_form_as_it_was_and_closes_the_task(done: Visit) -> None:
    filing = file_it(done, reference="C-77")
    assert not Task.objects.open().filter(kind=Task.Kind.REMS_FORM).exists()
    assert {row["key"]: row["value"] for row in filing.snapshot}["bp_peak"] == "124/78"
    assert not form_of(done).is_open
    with pytest.raises(DatabaseError), acting(TESTS):
        RemsFiling.objects.update(reference="C-78")


def test_an_incomplete_form_is_filed_with_the_reason(done: Visit) -> None:
    with pytest.raises(ValidationError, match="Benzodiazepines"):
        rems.file(done.pk, channel="fax", by=done.nurse)
    filing = rems.file(
        done.pk, channel="fax", by=done.nurse, incomplete_reason="Patient unreachable"
    )
    assert "Benzodiazepines" in filing.missing


def test_a_form_that_changed_under_the_page_is_not_filed(done: Visit) -> None:
    shown = form_of(done).shown
    rems.record_answers(done.pk, ANSWERS, by=done.nurse)
    with pytest.raises(ValidationError, match="changed since you looked"):
        rems.file(done.pk, channel="online", by=done.nurse, shown=shown)


def test_a_form_is_not_filed_before_the_end_or_ahead(done: Visit) -> None:
    rems.record_answers(done.pk, ANSWERS, by=done.nurse)
    for hours in (-3, 3):
        with pytest.raises(ValidationError):
            rems.file(
                done.pk,
                channel="online",
                by=done.nurse,
                filed_at=done.clock.now + timedelta(hours=hours),
            )


def test_what_is_corrected_after_the_filing_is_named_and_filed_again(
    client: Client, done: Visit
) -> None:
    file_it(done)
    done.clock.forward(minutes=5)
    row = done.row.vital_signs.order_by("observed_at")[1]
    wrong = record.Measured(systolic=141, diastolic=82, sedation=5, dissociation=0, spo2=97)
    record.correct_vitals(row, wrong, by=done.nurse, observed_at=row.observed_at, reason="Slip")
    assert [tuple(change) for change in form_of(done).changes] == [
        ("40 minutes after administration", "124/78", "141/82")
    ]
    client.force_login(done.nurse)
    for path in (reverse("desk:rems"), url("rems", done), reverse("desk:worklist")):
        page = client.get(path).content.decode()
        assert "hanged since filed" in page, path
        assert "141/82" in page, path
    done.clock.forward(minutes=5)
    rems.file(done.pk, channel="online", by=done.nurse)
    assert not form_of(done).is_open
    assert RemsFiling.objects.count() == 2


@pytest.mark.parametrize("who", ["front_desk", "auditor", "administrator", "outsider"])
def test_others_file_nothing(done: Visit, who: str, request: pytest.FixtureRequest) -> None:
    by = request.getfixturevalue(who)
    with pytest.raises(PermissionDenied):
        rems.record_answers(done.pk, ANSWERS, by=by)
    with pytest.raises(PermissionDenied):
        rems.file(done.pk, channel="online", by=by)


# pages


def test_a_nurse_answers_and_files_on_the_pages(client: Client, done: Visit) -> None:
    client.force_login(done.nurse)
    page = client.get(url("rems", done)).content.decode()
    assert "of 2" in page
    assert url("rems_answers", done) in page
    assert post(client, url("rems_answers", done), **TYPED).headers["Location"] == url("rems", done)
    assert client.get(url("rems", done)).context["sheet"].form.missing == ()
    shown = client.get(url("rems_file", done)).context["form"]["shown"].value()
    assert post(client, url("rems_file", done), channel="online", shown=shown).status_code == 302
    page = client.get(url("rems", done)).content.decode()
    assert "online, by nurse" in page
    menu = client.get(reverse("desk:session", args=[done.row.public_id])).content.decode()
    assert url("rems", done) in menu


def test_only_what_the_log_leaves_open_is_asked(client: Client, done: Visit) -> None:
    client.force_login(done.nurse)
    asked = set(client.get(url("rems_answers", done)).context["form"].fields)
    assert asked == {"entry_id", *ANSWERS}
    row = done.row.vital_signs.order_by("observed_at")[1]
    partly = record.Measured(systolic=141, diastolic=82, spo2=97, dissociation=0)
    record.correct_vitals(row, partly, by=done.nurse, observed_at=row.observed_at, reason="Slip")
    asked = set(client.get(url("rems_answers", done)).context["form"].fields)
    assert asked == {"entry_id", *ANSWERS, "sedation"}


def test_the_print_page_holds_the_form_in_its_order_without_script(
    client: Client, done: Visit
) -> None:
    client.force_login(done.nurse)
    page = client.get(url("rems_print", done)).content.decode()
    assert "<script" not in page
    titles = re.findall(r"<h2>(\d+)\. ([^<]+)</h2>", page)
    assert [int(number) for number, _ in titles] == list(range(1, 11))
    assert [title for _, title in titles][:4] == [
        "Patient",
        "Concomitant medication",
        "Monitoring health care provider",
        "Setting",
    ]


# the list


def make_open(
    clinic: Clinic, by: User, clock: Clock, number: int, *, enrolled: bool = True
) -> None:
    for n in range(number):
        begin = clock.now - timedelta(days=n, hours=5)
        ended = begin + minutes(130)
        row = make_visit(clinic, by, starts_at=begin, status=Status.DISCHARGED, ended_at=ended)
        if enrolled:
            enrol_patient(row.patient, by, begin.date())
        give(row, begin, by)
        for minute in (-5, 40, 120):
            measure(row, begin + minutes(minute), by)


@pytest.mark.parametrize("number", [2, 30])
def test_the_list_costs_the_same_for_any_length_with_the_overdue_in_front(
    client: Client,
    clinic: Clinic,
    nurse: User,
    clock: Clock,
    number: int,
    django_assert_num_queries: Any,
) -> None:
    make_certified(clinic)
    make_open(clinic, nurse, clock, number)
    client.force_login(nurse)
    path = reverse("desk:rems")
    client.get(path)
    with django_assert_num_queries(21):
        found = client.get(path)
    sheets = found.context["waiting"].unfiled
    assert len(sheets) == number
    days = [sheet.due_on for sheet in sheets]
    assert days == sorted(days)
    assert [sheet.is_overdue for sheet in sheets].count(True) == max(0, number - 8)
    for sheet in sheets:
        assert sheet.form.value("bp_peak") == "124/78"


def test_other_clinics_forms_are_not_listed(
    client: Client, clinic: Clinic, other_clinic: Clinic, nurse: User, outsider: User, clock: Clock
) -> None:
    make_certified(clinic)
    make_certified(other_clinic)
    make_open(clinic, nurse, clock, 1)
    client.force_login(outsider)
    assert client.get(reverse("desk:rems")).context["waiting"].unfiled == []


def test_a_clinic_without_rems_is_told_so(client: Client, nurse: User) -> None:
    client.force_login(nurse)
    assert "apply at this clinic" in client.get(reverse("desk:rems")).content.decode()
    assert 'id="rems"' not in client.get(reverse("desk:worklist")).content.decode()


def test_the_worklist_shows_the_forms_in_place_of_their_tasks(client: Client, done: Visit) -> None:
    client.force_login(done.nurse)
    shown = client.get(reverse("desk:worklist"))
    assert shown.context["worklist"].tasks == []
    assert len(shown.context["worklist"].rems.unfiled) == 1
    assert url("rems", done) in shown.content.decode()
