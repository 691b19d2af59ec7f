"""The serotonin check at the bedside, and the command that explains it."""

import json
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.locks import StaleVersionError
from clinic.models import User
from clinic.tests.factories import TESTS
from monitoring.hunter import SIGNS, Exam
from monitoring.models import AdverseEvent, EmergencyPolicy, SerotoninCheck
from monitoring.services import events, history, serotonin
from monitoring.tests.visits import Visit
from patients.models import Task
from sessions.covered import covered
from sessions.lifecycle import Status
from sessions.tests.factories import take_step

POSITIVE = Exam(exposed=True, spontaneous_clonus=True)
NEGATIVE = Exam(exposed=True, **dict.fromkeys(SIGNS, False), temperature=36.5)


@pytest.fixture
def treated(visit: Visit) -> Visit:
    visit.be_monitored()
    return visit


def called() -> list[str]:
    return list(Task.objects.open().filter(kind=Task.Kind.COME).values_list("role", flat=True))


def sheet(client: Client, visit: Visit) -> str:
    client.force_login(visit.nurse)
    return client.get(reverse("desk:session", args=[visit.row.public_id])).content.decode()


def test_a_positive_check_reports_an_event_and_calls_a_prescriber(treated: Visit) -> None:
    check = serotonin.record(treated.pk, POSITIVE, by=treated.nurse)
    assert (check.verdict, check.tier) == ("positive", "moderate")
    assert check.event
    assert check.event.term == serotonin.TERM
    assert check.event.severity == "moderate"
    assert called() == ["prescriber"]
    assert history.load(treated.fresh()).history.unresolved_adverse_events == (serotonin.TERM,)


def test_a_second_positive_check_belongs_to_the_same_event_and_call(treated: Visit) -> None:
    first = serotonin.record(treated.pk, POSITIVE, by=treated.nurse)
    assert serotonin.record(treated.pk, POSITIVE, by=treated.nurse).event == first.event
    assert len(called()) == 1


def test_signs_without_known_exposure_call_for_help_too(treated: Visit) -> None:
    check = serotonin.record(treated.pk, Exam(spontaneous_clonus=True), by=treated.nurse)
    assert check.verdict == "indeterminate"
    assert check.event is not None
    assert called()


@pytest.mark.parametrize("exam", [NEGATIVE, Exam(exposed=False, tremor=True), Exam()])
def test_any_other_check_is_kept_and_calls_nobody(treated: Visit, exam: Exam) -> None:
    check = serotonin.record(treated.pk, exam, by=treated.nurse)
    assert check.event is None
    assert not AdverseEvent.objects.exists()
    assert not called()


def test_a_correction_supersedes_and_the_event_waits_for_a_person(treated: Visit) -> None:
    wrong = serotonin.record(treated.pk, POSITIVE, by=treated.nurse)
    right = serotonin.correct(wrong, NEGATIVE, by=treated.nurse, reason="It was shivering")
    assert (right.verdict, right.event) == ("negative", wrong.event)
    assert history.load(treated.fresh()).incidents.serotonin == right
    assert AdverseEvent.objects.open().count() == 1
    assert not called()
    with pytest.raises(StaleVersionError):
        serotonin.correct(wrong, NEGATIVE, by=treated.nurse, reason="Again")


def test_a_correction_says_why(treated: Visit) -> None:
    wrong = serotonin.record(treated.pk, POSITIVE, by=treated.nurse)
    with pytest.raises(ValidationError, match="Say why"):
        serotonin.correct(wrong, NEGATIVE, by=treated.nurse, reason=" ")


def test_entered_in_error_counts_no_more(treated: Visit) -> None:
    wrong = serotonin.record(treated.pk, POSITIVE, by=treated.nurse)
    void = serotonin.correct(
        wrong, Exam(), by=treated.nurse, reason="Another patient's", entered_in_error=True
    )
    assert void.verdict == "positive"
    assert history.load(treated.fresh()).incidents.serotonin is None


def test_nobody_is_examined_before_arriving(visit: Visit) -> None:
    with pytest.raises(ValidationError, match="not arrived"):
        serotonin.record(visit.pk, NEGATIVE, by=visit.nurse)


def test_the_front_desk_examines_nobody(treated: Visit, front_desk: User) -> None:
    with pytest.raises(PermissionDenied):
        serotonin.record(treated.pk, NEGATIVE, by=front_desk)


@pytest.mark.parametrize(
    "values",
    [
        {"verdict": "negative", "exposed": None},
        {"verdict": "positive", "exposed": None},
        {"verdict": "negative", "exposed": False},
        {"verdict": "not_applicable", "exposed": None},
    ],
)
def test_the_database_refuses_a_verdict_without_the_exposure(treated: Visit, values) -> None:
    at = treated.clock.now
    row = {"observed_at": at, "recorded_at": at, "recorded_by": treated.nurse}
    with pytest.raises(IntegrityError), acting(TESTS), transaction.atomic():
        SerotoninCheck.objects.create(treatment_session=treated.row, **row, **values)


@pytest.mark.parametrize("reason", ["", "Another patient's"])
def test_the_database_wants_a_row_and_a_reason_behind_an_error(treated: Visit, reason: str) -> None:
    first = serotonin.record(treated.pk, Exam(exposed=True), by=treated.nurse)
    at = treated.clock.now
    row = {"observed_at": at, "recorded_at": at, "recorded_by": treated.nurse}
    row |= {"verdict": "indeterminate", "exposed": True, "entered_in_error": True}
    supersedes = None if reason else first
    with pytest.raises(IntegrityError), acting(TESTS), transaction.atomic():
        SerotoninCheck.objects.create(
            treatment_session=treated.row, supersedes=supersedes, reason=reason, **row
        )


# pages


def test_the_form_saves_and_the_sheet_shows_at_once_what_to_do(
    client: Client, treated: Visit
) -> None:
    with acting(TESTS):
        EmergencyPolicy.objects.create(clinic=treated.row.clinic, prescriber_number="ext. 42")
    client.force_login(treated.nurse)
    url = reverse("monitoring:serotonin", args=[treated.row.public_id])
    typed = {"exposed": "yes", "tremor": "yes", "hyperreflexia": "yes", "further_signs": "seizure"}
    answer = client.post(url, {"entry_id": str(uuid4()), **typed}, follow=True)
    page = answer.content.decode()
    assert "Possible serotonin toxicity" in page
    assert "Tremor with hyperreflexia." in page
    assert "at least severe" in page
    assert "Cool the patient" in page
    assert "ext. 42" in page
    assert "1-800-222-1222" in page


@pytest.mark.parametrize(("sign", "level"), [("yes", "warning"), ("no", "success")])
def test_a_positive_result_is_never_said_in_green(
    client: Client, treated: Visit, sign: str, level: str
) -> None:
    client.force_login(treated.nurse)
    url = reverse("monitoring:serotonin", args=[treated.row.public_id])
    typed = {"exposed": "yes", **dict.fromkeys(SIGNS, "no"), "spontaneous_clonus": sign}
    saved = client.post(url, {"entry_id": str(uuid4()), **typed}, follow=True)
    (said,) = saved.context["messages"]
    assert said.level_tag == level
    assert f'class="note note-{level}"' in saved.content.decode()


def test_open_with_signs_shows_what_to_do_and_what_to_look_for(
    client: Client, treated: Visit
) -> None:
    serotonin.record(treated.pk, Exam(exposed=True, tremor=True), by=treated.nurse)
    page = sheet(client, treated)
    assert "not ruled out" in page
    assert "Still to find out: spontaneous clonus" in page


def test_open_without_any_sign_raises_no_alarm(client: Client, treated: Visit) -> None:
    serotonin.record(treated.pk, Exam(exposed=True), by=treated.nurse)
    page = sheet(client, treated)
    assert "Cool the patient" not in page
    assert "decided yet" in page  # in what happened


def test_a_later_negative_check_ends_the_alarm(client: Client, treated: Visit) -> None:
    serotonin.record(treated.pk, Exam(exposed=True, tremor=True), by=treated.nurse)
    treated.clock.forward(minutes=5)
    serotonin.record(treated.pk, NEGATIVE, by=treated.nurse)
    assert "Cool the patient" not in sheet(client, treated)


def test_what_nobody_pressed_is_not_examined(client: Client, treated: Visit) -> None:
    client.force_login(treated.nurse)
    url = reverse("monitoring:serotonin", args=[treated.row.public_id])
    client.post(url, {"entry_id": str(uuid4()), "exposed": "yes"})
    check = SerotoninCheck.objects.get()
    assert check.verdict == "indeterminate"
    assert {getattr(check, name) for name in SIGNS} == {None}


def test_the_signature_names_it(treated: Visit) -> None:
    check = serotonin.record(treated.pk, POSITIVE, by=treated.nurse)
    assert check.event
    events.resolve(check.event, "Gone", by=treated.nurse)
    take_step(treated.pk, Status.TRANSFERRED, by=treated.nurse, reason="To hospital")
    told = {s.title: [f.label for f in s.facts] for s in covered(treated.fresh())}
    assert any("Serotonin check: positive" in label for label in told["What else happened"])


# the command


def explained(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    call_command("explain_hunter", *words, "--json")
    return json.loads(capsys.readouterr().out)


def test_the_command_names_what_made_it_positive(capsys) -> None:
    found = explained(capsys, "--exposed", "yes", "--tremor", "yes", "--hyperreflexia", "yes")
    assert (found["verdict"], found["met"]) == ("positive", ["tremor"])


def test_the_command_reads_a_json_object(tmp_path, capsys) -> None:
    path = tmp_path / "exam.json"
    path.write_text(
        '{"exposed": true, "hypertonia": true, "ocular_clonus": "yes", '
        '"agitation": false, "diaphoresis": "no", "temperature": 38.0}'
    )
    assert "hypertonia" not in explained(capsys, "--from", str(path))["met"]
    found = explained(capsys, "--from", str(path), "--temperature", "38.1")
    assert found["met"] == ["hypertonia"]


def test_the_command_reads_answers_as_people_write_them(tmp_path, capsys) -> None:
    path = tmp_path / "exam.json"
    path.write_text(
        '{"exposed": "Yes", "tremor": "present", "hyperreflexia": "not examined", "agitation": '
        '"ABSENT", "hypertonia": false, "ocular_clonus": "false", "inducible_clonus": "no", '
        '"spontaneous_clonus": false, "diaphoresis": null, "temperature": "Unknown"}'
    )
    found = explained(capsys, "--from", str(path))
    assert (found["verdict"], found["keeps_open"]) == ("indeterminate", ["hyperreflexia"])


@pytest.mark.parametrize(
    "words",
    [
        ["--tremor", "some"],
        ["--temperature", "hot"],
        ["--temperature", "NaN"],
        ["--temperature", "99"],
        ["--from", "/no"],
    ],
)
def test_the_command_refuses_in_words(words) -> None:
    with pytest.raises(CommandError):
        call_command("explain_hunter", *words)


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "{", '{"tremors": true}', '{"temperature": NaN}', '{"tremor": 1}'),
        *('{"tremor": "some"}', '{"tremor": []}', '{"tremor": true, "tremor": false}'),
        *('{"temperature": true}', '{"temperature": 101.3}', '{"temperature": "38 C"}'),
        *('{"temperature": "no"}', '{"temperature": []}'),
    ],
)
def test_the_command_refuses_what_is_no_examination(tmp_path, text) -> None:
    path = tmp_path / "exam.json"
    path.write_text(text)
    with pytest.raises(CommandError):
        call_command("explain_hunter", "--from", str(path))
