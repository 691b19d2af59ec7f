"""What medicines propose: the kind of one that is given, exposure in the serotonin check."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.models import User
from clinic.tests.factories import TESTS
from monitoring.exposure import exposure
from monitoring.medicines import proposed
from monitoring.models import MedicationGiven, SerotoninCheck
from monitoring.services import medicines, serotonin
from monitoring.services.medicines import Given
from monitoring.tests.visits import Visit
from patients.models import Medication


@pytest.mark.parametrize(
    ("drug", "kind"),
    [
        ("Lorazepam", "benzodiazepine"),
        ("Klonapin", "benzodiazepine"),
        ("Versed", "benzodiazepine"),
        ("fentanyl", "opioid"),
        ("tramadol 50 mg", "opioid"),
        ("Tylenol #3", "opioid"),
        ("Benadryl", "sedating"),
        ("promethazine", "sedating"),
        ("olanzapine", "sedating"),
        ("amlodipine", "antihypertensive"),
        ("clonidine", "antihypertensive"),
        ("Zofran ODT 4mg", "antiemetic"),
        ("acetaminophen 500 mg", "analgesic"),
        ("metformin", "other"),
        ("cetirizine", "other"),
    ],
)
def test_the_name_speaks_for_the_kind(drug: str, kind: str) -> None:
    found = proposed(drug)
    assert found
    assert found.code == kind


@pytest.mark.parametrize("drug", ["", "Xyzzanol", "lorazepam or diazepam", "benzos"])
def test_nothing_is_proposed_of_what_is_not_understood(drug: str) -> None:
    assert proposed(drug) is None


def typed(visit: Visit, client: Client, **values: str) -> Any:
    url = reverse("monitoring:medicine", args=[visit.row.public_id])
    form = client.get(url).context["form"]
    given = {
        "drug": "Lorazepam",
        "dose": "1 mg",
        "route": "oral",
        "ordered_by": visit.prescriber.username,
        "why": "Panic",
        "entry_id": form["entry_id"].value(),
    }
    return client.post(url, given | values)


def test_a_proposal_is_shown_and_only_saved_by_a_person(
    visit: Visit, client: Client, nurse: User
) -> None:
    visit.arrive()
    client.force_login(nurse)
    page = typed(visit, client, drug_class="")
    form = page.context["form"]
    assert "Proposed from the name: Benzodiazepine" in page.content.decode()
    assert form["drug_class"].value() == "benzodiazepine"
    assert not MedicationGiven.objects.exists()
    again = {"drug_class": form["drug_class"].value(), "entry_id": form["entry_id"].value()}
    typed(visit, client, **again)
    assert MedicationGiven.objects.get().drug_class == "benzodiazepine"


def test_without_a_proposal_a_person_chooses(visit: Visit, client: Client, nurse: User) -> None:
    visit.arrive()
    client.force_login(nurse)
    page = typed(visit, client, drug="Xyzzanol", drug_class="")
    assert "Choose what kind of medicine it is." in page.content.decode()
    assert not MedicationGiven.objects.exists()


def test_exposure_names_what_speaks_for_it_and_where_it_is_from() -> None:
    found = exposure([("Zoloft 50 mg", "chart"), ("Xyzzanol", "chart"), ("zinc", "chart")])
    assert found.named == ("Zoloft 50 mg (chart)",)
    assert found.unread == ("Xyzzanol (chart)",)


def test_nothing_on_record_is_no_answer() -> None:
    assert exposure([]).words.startswith("None is on record: ask")


def test_the_check_proposes_exposure_and_leaves_the_answer_open(
    visit: Visit, client: Client, nurse: User
) -> None:
    with acting(TESTS):
        Medication.objects.create(
            patient=visit.patient, clinic=visit.patient.clinic, text="Zoloft 50 mg"
        )
    visit.arrive()
    given = Given("Tramadol", "opioid", "50 mg", "oral", visit.prescriber, "Pain")
    medicines.record(visit.pk, given, by=visit.nurse)
    client.force_login(nurse)
    page = client.get(reverse("monitoring:serotonin", args=[visit.row.public_id]))
    assert (
        "For yes: Zoloft 50 mg (chart); Tramadol (given at this visit). Ask, then choose."
        in page.content.decode()
    )
    assert not page.context["form"]["exposed"].value()
    assert not SerotoninCheck.objects.exists()


def test_a_medicine_in_error_proposes_nothing(visit: Visit) -> None:
    visit.arrive()
    given = Given("Tramadol", "opioid", "50 mg", "oral", visit.prescriber, "Pain")
    row = medicines.record(visit.pk, given, by=visit.nurse)
    medicines.correct(row, given, "Slip", by=visit.nurse, entered_in_error=True)
    assert serotonin.exposure_of(visit.fresh()).named == ()
