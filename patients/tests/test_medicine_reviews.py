"""Acknowledging what medicines raise, and what an open alert stands in the way of."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from clinic.tests.factories import TESTS
from patients.models import Medication, MedicineReview, Patient
from patients.services import medicines
from patients.tests.factories import make_patient
from patients.tests.forms import post


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return make_patient(clinic)


def takes(patient: Patient, *texts: str, **values: Any) -> None:
    with acting(TESTS):
        for text in texts:
            Medication.objects.create(patient=patient, clinic=patient.clinic, text=text, **values)


def found(patient: Patient) -> Any:
    return medicines.review_of(patient, patient.created_at.date())


def page(patient: Patient) -> str:
    return reverse("patients:medicines", args=[patient.public_id])


def chart(patient: Patient) -> str:
    return reverse("desk:chart", args=[patient.public_id])


def settle(patient: Patient, by: User, **values: Any) -> list[MedicineReview]:
    review = found(patient)
    abouts = [each.about for each in review.to_settle]
    return medicines.acknowledge(patient.pk, abouts, by=by, reason="Watched longer", **values)


def test_a_prescriber_acknowledges_an_alert_on_its_page(
    client: Client, patient: Patient, prescriber: User
) -> None:
    takes(patient, "Nardil 15 mg")
    client.force_login(prescriber)
    (alert,) = found(patient).open_alerts
    assert "Nardil 15 mg" in client.get(page(patient)).content.decode()
    response = post(client, page(patient), {"about": [alert.about], "reason": "Watched longer"})
    assert response.url == chart(patient)
    row = MedicineReview.objects.get()
    assert (row.rule, row.severity, row.ingredients) == ("mao_inhibitor", "high", ["phenelzine"])
    assert (row.medicines, row.acknowledged_by, row.reason) == (
        ["Nardil 15 mg"],
        prescriber,
        "Watched longer",
    )
    assert AuditEvent.objects.filter(event="medicine.alert_reviewed").exists()
    assert found(patient).is_settled
    shown = client.get(chart(patient)).content.decode()
    assert "Acknowledged by" in shown
    assert "Watched longer" in shown


def test_a_reason_is_needed(client: Client, patient: Patient, prescriber: User) -> None:
    takes(patient, "Nardil 15 mg")
    client.force_login(prescriber)
    (alert,) = found(patient).open_alerts
    response = post(client, page(patient), {"about": [alert.about], "reason": " "})
    assert response.context["form"].errors["reason"]
    assert not MedicineReview.objects.exists()


def test_the_same_form_sent_twice_is_recorded_once(
    client: Client, patient: Patient, prescriber: User
) -> None:
    takes(patient, "Nardil 15 mg")
    client.force_login(prescriber)
    form = client.get(page(patient)).context["form"]
    (alert,) = found(patient).open_alerts
    values = {"about": [alert.about], "reason": "Watched", "entry_id": form["entry_id"].value()}
    answers = [client.post(page(patient), values) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert MedicineReview.objects.count() == 1


def test_an_unchanged_alert_does_not_ask_twice_and_a_changed_one_does(
    patient: Patient, prescriber: User
) -> None:
    takes(patient, "Nardil 15 mg")
    settle(patient, prescriber)
    takes(patient, "phenelzine 15 MG Oral Tablet")
    assert found(patient).is_settled
    takes(patient, "Zoloft")
    assert [each.alert.rule.id for each in found(patient).open_alerts] == ["mao_serotonergic"]


def test_a_medicine_that_is_not_taken_raises_nothing(patient: Patient) -> None:
    takes(patient, "Nardil", "Xyzzanol", status="stopped")
    assert found(patient).is_settled
    assert found(patient).alerts == ()


def test_a_nurse_checks_a_line_by_hand_but_acknowledges_no_alert(
    client: Client, patient: Patient, nurse: User
) -> None:
    takes(patient, "Xyzzanol 5 mg", "Nardil")
    client.force_login(nurse)
    form = client.get(page(patient)).context["form"]
    assert [words for _, words in form.fields["about"].choices] == ["Not recognised: Xyzzanol 5 mg"]
    review = found(patient)
    with pytest.raises(PermissionDenied):
        medicines.acknowledge(patient.pk, [review.open_alerts[0].about], by=nurse, reason="Watched")
    post(client, page(patient), {"about": [review.open_medicines[0].about], "reason": "a vitamin"})
    assert MedicineReview.objects.get().kind == MedicineReview.Kind.LINE
    assert "A prescriber acknowledges what is open" in client.get(page(patient)).content.decode()


def test_what_is_settled_meanwhile_is_told(patient: Patient, prescriber: User) -> None:
    takes(patient, "Nardil")
    (alert,) = found(patient).open_alerts
    settle(patient, prescriber)
    with pytest.raises(ValidationError, match="changed meanwhile"):
        medicines.acknowledge(patient.pk, [alert.about], by=prescriber, reason="Watched")


def test_a_review_is_never_changed(patient: Patient, prescriber: User) -> None:
    takes(patient, "Nardil")
    (row,) = settle(patient, prescriber)
    for change in (lambda: MedicineReview.objects.update(reason="y"), row.delete):
        with pytest.raises(DatabaseError), transaction.atomic(), acting(TESTS):
            change()


def test_the_chart_names_classes_alerts_and_what_is_not_recognised(
    client: Client, patient: Patient, nurse: User
) -> None:
    takes(patient, "Xanax 1 MG", "Simvistatin 10 MG", "Xyzzanol", "Nardil")
    client.force_login(nurse)
    shown = client.get(chart(patient)).content.decode()
    assert "benzodiazepine" in shown
    assert "simvistatin read as simvastatin" in shown
    assert "not recognised: check by hand" in shown
    assert "MAO inhibitor: phenelzine" in shown  # the banner
    assert "Medicines are to be looked at." in shown


def test_the_front_desk_sees_none_of_it(client: Client, patient: Patient, front_desk: User) -> None:
    takes(patient, "Nardil 15 mg")
    client.force_login(front_desk)
    shown = client.get(chart(patient)).content.decode()
    assert "Nardil" not in shown
    assert "MAO" not in shown
    assert "phenelzine" not in shown
    assert client.get(page(patient)).status_code == 403
