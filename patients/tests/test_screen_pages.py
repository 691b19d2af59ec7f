"""The safety screen as a prescriber meets it."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.tests.factories import TESTS
from patients.models import (
    Allergy,
    Condition,
    Medication,
    Patient,
    SafetyScreen,
    ScreenFinding,
    ScreenPolicy,
)
from patients.rules import months_later
from patients.screening.decision import Answer
from patients.screening.rules import GROUPS, rules
from patients.services import screening
from patients.tests.factories import make_patient
from patients.tests.screens import INFUSION, NASAL_EU, NASAL_US, clearing

KEEPS = "A second opinion agrees"


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return make_patient(clinic, sex="male")


def url(patient: Patient) -> str:
    return reverse("patients:screen", args=[patient.public_id])


def typed(client: Client, patient: Patient, **changes: str) -> dict[str, str]:
    """What a prescriber types who finds nothing, with the hidden values of the page."""
    form = client.get(url(patient), {"treatment": changes.get("treatment", "")}).context["form"]
    values = {f"answer_{rule}": "absent" for rule in form.suggestions}
    values |= {f"justification_{rule}": KEEPS for rule in form.suggestions}
    values |= {f"none_{group}": "on" for group in GROUPS}
    values |= {f"asked_{what}": "none" for what in ("conditions", "medicines", "allergies")}
    values["treatment"] = form["treatment"].value()
    values["seen"] = form["seen"].value()
    values["entry_id"] = str(uuid4())
    values["outcome"] = "cleared"
    values["valid_until"] = months_later(timezone.localdate(), 6).isoformat()
    return values | changes


def screened(client: Client, patient: Patient, **changes: str) -> Any:
    values = typed(client, patient, **changes)
    return client.post(url(patient), {k: v for k, v in values.items() if v is not None})


def has(model: Any, patient: Patient, text: str, **values: Any) -> Any:
    with acting(TESTS):
        return model.objects.create(patient=patient, clinic=patient.clinic, text=text, **values)


@pytest.fixture
def signed_in(client: Client, prescriber: User) -> Client:
    client.force_login(prescriber)
    return client


def test_a_prescriber_screens_for_six_months(
    signed_in: Client, prescriber: User, patient: Patient
) -> None:
    page = signed_in.get(url(patient))
    today = timezone.localdate(timezone=patient.clinic.zone)
    assert page.context["form"]["valid_until"].value() == months_later(today, 6)
    assert screened(signed_in, patient).status_code == 302
    row = SafetyScreen.objects.get()
    assert (row.screened_by, row.treatment) == (prescriber, NASAL_US)
    assert row.answers.count() == len(rules())
    assert (row.conditions_asked, row.medicines_asked, row.allergies_asked) == ("none",) * 3


def test_a_nurse_may_not_screen(client: Client, nurse: User, patient: Patient) -> None:
    client.force_login(nurse)
    assert client.post(url(patient)).status_code == 403


def test_another_clinics_patient_is_not_found(
    client: Client, outsider: User, patient: Patient
) -> None:
    client.force_login(outsider)
    assert client.get(url(patient)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"outcome": ""}, "outcome"),
        ({"outcome": "not_cleared", "answer_hypersensitivity": "absent"}, "findings"),
        ({"valid_until": "2020-01-01"}, "valid_until"),
        ({"valid_until": "2199-01-01"}, "valid_until"),
        ({"findings": "fine\x07"}, "findings"),
        ({"treatment": "aspirin-oral-US"}, "treatment"),
        ({"none_heart": ""}, "answer_heart_failure"),
        ({"answer_aneurysm": "present"}, "answer_aneurysm"),
        ({"answer_aneurysm": "not_known"}, "answer_aneurysm"),
        ({"answer_bipolar": "present"}, "justification_bipolar"),
        ({"answer_bipolar": "not_known"}, "justification_bipolar"),
        ({"answer_seizure": "present"}, "acknowledged_seizure"),
        ({"asked_medicines": ""}, "asked_medicines"),
        ({"asked_conditions": "listed"}, "asked_conditions"),
    ],
)
def test_a_bad_screen_is_refused(
    signed_in: Client, patient: Patient, changes: dict[str, str], field: str
) -> None:
    assert field in screened(signed_in, patient, **changes).context["form"].errors
    assert not SafetyScreen.objects.exists()


def test_an_empty_chart_is_not_cleared_by_silence(signed_in: Client, patient: Patient) -> None:
    silent = {f"asked_{what}": "" for what in ("conditions", "medicines", "allergies")}
    errors = screened(signed_in, patient, **silent).context["form"].errors
    assert set(errors) == set(silent)


def test_a_relative_contraindication_needs_its_reason(signed_in: Client, patient: Patient) -> None:
    has(Condition, patient, "Bipolar II disorder")
    reason = {"answer_bipolar": "present", "justification_bipolar": "Stable on lithium, benefit"}
    assert screened(signed_in, patient, **reason, asked_conditions="listed").status_code == 302
    finding = ScreenFinding.objects.get(rule="bipolar")
    assert (finding.level, finding.answer) == ("relative", "present")
    assert finding.justification == "Stable on lithium, benefit"
    assert "Bipolar II disorder (“bipolar”)" in finding.evidence


def test_a_caution_is_taken_into_account(signed_in: Client, patient: Patient) -> None:
    taken = {"answer_seizure": "present", "acknowledged_seizure": "on"}
    assert screened(signed_in, patient, **taken).status_code == 302
    assert ScreenFinding.objects.get(rule="seizure").acknowledged


def test_what_the_chart_speaks_for_is_answered_by_itself(
    signed_in: Client, patient: Patient
) -> None:
    """“None of these” never answers what matched."""
    has(Condition, patient, "Aortic aneurysm")
    response = screened(signed_in, patient, answer_aneurysm="", asked_conditions="listed")
    assert "answer_aneurysm" in response.context["form"].errors


def test_absent_against_the_chart_needs_a_reason(signed_in: Client, patient: Patient) -> None:
    has(Condition, patient, "Aortic aneurysm")
    values = {"justification_aneurysm": "", "asked_conditions": "listed"}
    response = screened(signed_in, patient, **values)
    assert "Say why it is absent all the same." in response.text
    assert screened(signed_in, patient, asked_conditions="listed").status_code == 302


def test_a_refusal_keeps_everything_that_was_typed(signed_in: Client, patient: Patient) -> None:
    page = screened(
        signed_in,
        patient,
        outcome="",
        answer_bipolar="present",
        justification_bipolar="Stable for years",
        findings="Seen with her sister",
    )
    form = page.context["form"]
    assert form["answer_bipolar"].value() == "present"
    assert form["none_heart"].value() is True
    assert form["asked_medicines"].value() == "none"
    assert "Stable for years" in page.text
    assert "Seen with her sister" in page.text


def test_who_is_not_cleared_needs_no_further_answers(signed_in: Client, patient: Patient) -> None:
    values = {
        **{f"none_{group}": "" for group in GROUPS},
        **{f"answer_{rule}": "" for rule in rules()},
        "answer_aneurysm": "present",
        "outcome": "not_cleared",
        "asked_medicines": "",
    }
    assert screened(signed_in, patient, **values).status_code == 302
    assert [row.rule for row in ScreenFinding.objects.all()] == ["aneurysm"]


def test_a_minor_is_never_cleared(client: Client, prescriber: User, clinic: Clinic) -> None:
    child = make_patient(clinic, birth_date=timezone.localdate() - timedelta(days=5000))
    client.force_login(prescriber)
    assert screened(client, child).context["form"].errors["outcome"] == ["The patient is under 18."]


def test_the_same_screen_twice_is_one(signed_in: Client, patient: Patient) -> None:
    values = typed(signed_in, patient)
    for _ in range(2):
        assert signed_in.post(url(patient), values).status_code == 302
    assert SafetyScreen.objects.count() == 1


def test_a_chart_that_changed_meanwhile_is_shown_again(signed_in: Client, patient: Patient) -> None:
    values = typed(signed_in, patient)
    has(Condition, patient, "Aortic aneurysm")
    response = signed_in.post(url(patient), values)
    assert response.status_code == 409
    assert "Aortic aneurysm" in response.text
    assert not SafetyScreen.objects.exists()
    again = values | {
        "seen": response.context["basis"].digest,
        "answer_aneurysm": "absent",
        "justification_aneurysm": KEEPS,
        "asked_conditions": "listed",
    }
    assert signed_in.post(url(patient), again).status_code == 302


def test_levels_follow_the_treatment_that_is_chosen(signed_in: Client, patient: Patient) -> None:
    for treatment, level in ((NASAL_EU, "absolute"), (NASAL_US, "relative")):
        form = signed_in.get(url(patient), {"treatment": treatment.key}).context["form"]
        items = {item.rule.id: item for group in form.groups for item in group.items}
        assert items["recent_cv_event"].level == level


def test_conditions_nobody_classified_are_marked(signed_in: Client, patient: Patient) -> None:
    has(Condition, patient, "Gout")
    has(Condition, patient, "Whatever nobody has heard of")
    states = {str(row): state for row, state in signed_in.get(url(patient)).context["conditions"]}
    assert states == {"Whatever nobody has heard of": "not classified", "Gout": ""}


def test_a_clinic_decides_how_long_a_screen_lasts(signed_in: Client, patient: Patient) -> None:
    with acting(TESTS):
        ScreenPolicy.objects.create(clinic=patient.clinic, usual_months=2, longest_months=3)
    today = timezone.localdate(timezone=patient.clinic.zone)
    form = signed_in.get(url(patient)).context["form"]
    assert form["valid_until"].value() == months_later(today, 2)
    errors = screened(signed_in, patient).context["form"].errors
    assert errors["valid_until"] == ["A screen is valid for 3 months at most here."]


def test_an_administrator_sets_it_with_its_source(
    client: Client, administrator: User, clinic: Clinic
) -> None:
    client.force_login(administrator)
    page = client.get(reverse("admin:patients_screenpolicy_add"))
    assert "Default: 6. Clinical reference 5" in page.text


def test_a_screen_keeps_what_it_rested_on(prescriber: User, patient: Patient) -> None:
    has(Medication, patient, "Sertraline 100 mg")
    has(Allergy, patient, "Penicillin")
    screening.screen(patient.pk, clearing(patient), by=prescriber)
    kept = SafetyScreen.objects.get().rested_on or []
    assert [row[:3] for row in kept] == [
        ["allergies", "penicillin", "Penicillin"],
        ["medicines", "sertraline 100 mg", "Sertraline 100 mg"],
    ]


def test_no_service_clears_an_absolute_contraindication(prescriber: User, patient: Patient) -> None:
    decision = clearing(patient, INFUSION)
    answers = {**decision.answers, "stroke": Answer("present", "Long ago", acknowledged=True)}
    with pytest.raises(ValidationError, match="absolute contraindication"):
        screening.screen(patient.pk, clearing(patient, INFUSION, answers=answers), by=prescriber)
    screening.screen(patient.pk, clearing(patient, NASAL_US, answers=answers), by=prescriber)


UNEARNED = [
    {"level": "absolute", "answer": "present", "justification": "x", "acknowledged": True},
    {"level": "absolute", "answer": "not_known"},
    {"level": "relative", "answer": "present", "justification": "  "},
    {"level": "caution", "answer": "present"},
]


@pytest.mark.parametrize("values", UNEARNED)
def test_the_database_refuses_a_clearance_that_was_not_earned(
    prescriber: User, patient: Patient, values: dict[str, Any]
) -> None:
    row = screening.screen(patient.pk, clearing(patient), by=prescriber)
    finding = ScreenFinding(screen=row, rule="another", title="x", decided_by=prescriber, **values)
    with (
        pytest.raises(ProgrammingError, match="stands against clearing"),
        transaction.atomic(),
        acting(TESTS),
    ):
        finding.save()


def test_a_finding_is_never_changed(prescriber: User, patient: Patient) -> None:
    """INV-5: another decision is another screen."""
    screening.screen(patient.pk, clearing(patient), by=prescriber)
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic(), acting(TESTS):
        ScreenFinding.objects.update(answer="present")


def test_the_last_answers_stand_beside_the_questions_and_are_never_filled_in(
    signed_in: Client, patient: Patient
) -> None:
    assert "Last time" not in signed_in.get(url(patient)).content.decode()
    known = {"answer_heart_failure": "present", "justification_heart_failure": "NYHA III, stable"}
    assert screened(signed_in, patient, **known).status_code == 302
    has(Condition, patient, "Aortic stenosis")
    page = signed_in.get(url(patient))
    html = page.content.decode()
    assert html.count("Last time: <b>") == len(rules())
    assert html.count("Last time: <b>Present</b>. <bdi>NYHA III, stable</bdi>") == 1
    form = page.context["form"]
    assert all(not form[f"answer_{rule}"].value() for rule in rules())
    assert not any(form[f"justification_{rule}"].value() for rule in rules())
    assert " checked" not in html.split('id="screen-matched"')[1]


def test_the_page_asks_the_database_little_whatever_the_chart_holds(
    signed_in: Client, patient: Patient, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        has(Condition, patient, f"Hypertension {number}")
    screened(signed_in, patient)
    with django_assert_max_num_queries(20):
        signed_in.get(url(patient))


def test_dates_of_a_screen_are_the_clinics(prescriber: User, patient: Patient) -> None:
    yesterday = date.today() - timedelta(days=2)  # noqa: DTZ011
    with pytest.raises(ValidationError, match="passed"):
        screening.screen(patient.pk, clearing(patient, valid_until=yesterday), by=prescriber)


def test_the_prescriber_sees_what_the_medicines_raise_while_screening(
    signed_in: Client, patient: Patient
) -> None:
    for text in ("Nardil 15 mg", "Setraline 50 mg", "Xyzzanol"):
        has(Medication, patient, text)
    page = signed_in.get(url(patient)).content.decode()
    for words in (
        "MAO inhibitor",
        "setraline read as sertraline",
        "phenelzine, oral",
        "Not recognised: check by hand",
        "Source: ",
    ):
        assert words in page
    assert reverse("patients:medicines", args=[patient.public_id]) in page


def test_alerts_while_screening_are_for_the_treatment_that_is_screened_for(
    signed_in: Client, patient: Patient
) -> None:
    has(Medication, patient, "Flonase")
    pages = [
        signed_in.get(url(patient), {"treatment": each.key}).content.decode()
        for each in (NASAL_US, INFUSION)
    ]
    assert ["Source: " in page for page in pages] == [True, False]
