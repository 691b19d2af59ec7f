"""Another medicine in the visit, through its service and on the sheet."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.models import User
from clinic.tests.factories import TESTS
from monitoring.models import MedicationGiven
from monitoring.services import discharge, history, medicines, record
from monitoring.services.medicines import Given
from monitoring.tests.visits import Visit
from sessions import ports
from sessions.models import TreatmentSession
from sessions.sections import Section


def lorazepam(visit: Visit, **values: Any) -> Given:
    given = Given("Lorazepam", "benzodiazepine", "1 mg", "oral", visit.prescriber, "Panic")
    return replace(given, **values)


@pytest.fixture
def settled(visit: Visit) -> Visit:
    """Two hours have passed, escort and assessment are there: free to go."""
    visit.be_monitored()
    visit.pass_time()
    visit.settle()
    return visit


def unmet(visit: Visit) -> set[str]:
    found = discharge.open_conditions(visit.fresh(), visit.clock.now)
    return {condition.code for condition in found}


def test_a_benzodiazepine_starts_the_observation_again(settled: Visit) -> None:
    assert unmet(settled) == set()
    row = medicines.record(settled.pk, lorazepam(settled), by=settled.nurse)
    assert (row.effect, row.minutes) == ("restart", 15)
    settled.clock.forward(minutes=1)
    assert {"minimum_time", "medicine_recheck", "assessment", "sedation"} <= unmet(settled)
    with pytest.raises(ValidationError, match="120 minutes after Lorazepam 1 mg"):
        discharge.release(settled.pk, by=settled.nurse)


def test_the_observation_ends_with_the_restart_and_its_readings(settled: Visit) -> None:
    medicines.record(settled.pk, lorazepam(settled), by=settled.nurse)
    given_at = settled.clock.now
    for minutes in (15, 60, 120):
        settled.clock.to(given_at)
        settled.clock.forward(minutes=minutes)
        settled.measure()
    assert unmet(settled) == {"assessment"}
    discharge.assess(settled.pk, ready=True, by=settled.nurse)
    discharge.release(settled.pk, by=settled.nurse)


def test_less_than_the_default_is_a_prescribers_with_a_reason(visit: Visit) -> None:
    visit.be_monitored()
    less = lorazepam(visit, effect="recheck", minutes=60)
    with pytest.raises(ValidationError, match="a prescriber records it, with a reason"):
        medicines.record(visit.pk, less, by=visit.nurse)
    with pytest.raises(ValidationError, match="Say why less is enough"):
        medicines.record(visit.pk, less, by=visit.prescriber)
    less = replace(less, effect_reason="A quarter of her evening dose")
    row = medicines.record(visit.pk, less, by=visit.prescriber)
    assert (row.effect, row.minutes) == ("recheck", 60)


def test_a_nurse_may_choose_more(visit: Visit) -> None:
    visit.be_monitored()
    more = Given("Ondansetron", "antiemetic", "4 mg", "oral", visit.prescriber, "Nausea")
    more = replace(more, effect="recheck", minutes=20)
    assert medicines.record(visit.pk, more, by=visit.nurse).minutes == 20


@pytest.mark.parametrize("drug", ["midazolam 5 mg", "flumazenil", "Xyzzanol"])
def test_a_kind_that_asks_for_less_than_the_name_is_a_prescribers(visit: Visit, drug: str) -> None:
    visit.be_monitored()
    less = lorazepam(visit, drug=drug, drug_class="antiemetic")
    with pytest.raises(ValidationError, match="The name speaks for more"):
        medicines.record(visit.pk, less, by=visit.nurse)
    with pytest.raises(ValidationError, match="Say why less is enough"):
        medicines.record(visit.pk, less, by=visit.prescriber)
    less = replace(less, effect_reason="A test dose")
    assert medicines.record(visit.pk, less, by=visit.prescriber).effect == "none"


def test_the_kind_may_differ_from_the_name_while_it_asks_for_as_much(visit: Visit) -> None:
    visit.be_monitored()
    more = lorazepam(visit, drug="Ondansetron", drug_class="other")
    assert medicines.record(visit.pk, more, by=visit.nurse).effect == "recheck"
    more = lorazepam(visit, drug="Naloxone", drug_class="benzodiazepine")
    assert medicines.record(visit.pk, more, by=visit.nurse).effect == "restart"


def test_it_is_ordered_by_a_prescriber_of_the_clinic(visit: Visit, outsider: User) -> None:
    visit.be_monitored()
    for person in (visit.nurse, outsider):
        with pytest.raises(ValidationError, match="Choose a prescriber"):
            medicines.record(visit.pk, lorazepam(visit, ordered_by=person), by=visit.nurse)


def test_the_front_desk_records_none(visit: Visit, front_desk: User) -> None:
    visit.be_monitored()
    with pytest.raises(PermissionDenied):
        medicines.record(visit.pk, lorazepam(visit), by=front_desk)


@pytest.mark.parametrize("minutes", [-600, 5])
def test_it_was_given_in_this_visit(visit: Visit, minutes: int) -> None:
    visit.be_monitored()
    visit.clock.forward(minutes=minutes)
    at = visit.clock.now
    visit.clock.forward(minutes=-minutes)
    with pytest.raises(ValidationError) as error:
        medicines.record(visit.pk, lorazepam(visit, given_at=at), by=visit.nurse)
    assert "given_at" in error.value.message_dict


def test_entered_in_error_it_counts_no_more_and_the_assessment_is_void(settled: Visit) -> None:
    row = medicines.record(settled.pk, lorazepam(settled), by=settled.nurse)
    settled.clock.forward(minutes=1)
    told = lorazepam(settled)
    medicines.correct(row, told, "Next door", by=settled.nurse, entered_in_error=True)
    assert unmet(settled) == {"assessment"}
    assert MedicationGiven.objects.count() == 2


def test_it_is_corrected_once_with_a_reason(visit: Visit) -> None:
    visit.be_monitored()
    row = medicines.record(visit.pk, lorazepam(visit), by=visit.nurse)
    with pytest.raises(ValidationError, match="Say why it is corrected"):
        medicines.correct(row, lorazepam(visit), " ", by=visit.nurse)
    half = lorazepam(visit, dose="0.5 mg")
    medicines.correct(row, half, "Half a tablet", by=visit.nurse)
    with pytest.raises(ValidationError):
        medicines.correct(row, half, "Again", by=visit.nurse)
    assert [str(one) for one in history.load(visit.fresh()).standing_medicines] == [
        "Lorazepam 0.5 mg"
    ]


def test_the_database_refuses_an_effect_without_minutes(visit: Visit) -> None:
    visit.be_monitored()
    row = medicines.record(visit.pk, lorazepam(visit), by=visit.nurse)
    row.pk, row.minutes = None, 0
    with pytest.raises(IntegrityError, match="an_effect_on_the_clock"), acting(TESTS):
        row.save(force_insert=True)


@pytest.mark.parametrize("kind", ["reading", "dose"])
def test_what_is_entered_in_error_after_the_assessment_voids_it(settled: Visit, kind: str) -> None:
    settled.clock.forward(minutes=1)
    if kind == "reading":
        row = settled.row.vital_signs.order_by("observed_at")[2]
        values = record.measured_of(row)
        record.correct_vitals(
            row,
            values,
            by=settled.nurse,
            observed_at=row.observed_at,
            reason="Another patient",
            entered_in_error=True,
        )
    else:
        dose = settled.row.doses.latest("given_at")
        with acting(TESTS):
            type(dose).objects.create(
                **{
                    field.attname: getattr(dose, field.attname)
                    for field in dose._meta.concrete_fields
                    if field.attname not in {"id", "public_id"}
                }
                | {
                    "supersedes_id": dose.pk,
                    "entered_in_error": True,
                    "reason": "Not given",
                    "recorded_at": settled.clock.now,
                }
            )
    assert unmet(settled) == {"assessment"}


def test_the_sheet_shows_it_and_a_signature_covers_it(
    client: Client, settled: Visit, nurse: User
) -> None:
    client.force_login(nurse)
    path = reverse("monitoring:medicine", args=[settled.row.public_id])
    page = client.get(path)
    typed = {
        "entry_id": str(page.context["form"]["entry_id"].value()),
        "drug": "Amlodipine",
        "drug_class": "antihypertensive",
        "dose": "10 mg",
        "route": "oral",
        "ordered_by": settled.prescriber.username,
        "why": "165/100",
    }
    assert client.post(path, typed).status_code == 302
    sheet = client.get(reverse("desk:session", args=[settled.row.public_id])).content.decode()
    assert "Amlodipine 10 mg recorded. Observed for 60 minutes more" in sheet
    assert "ordered by" in sheet
    assert "After Amlodipine 10 mg" in sheet
    told = told_of(settled.fresh(), "Other medicines")
    assert "Amlodipine 10 mg, by mouth, for 165/100" in told.facts[0].text
    rows = ports.signed(settled.fresh())
    assert any(row.get("drug") == "Amlodipine" for found in rows.values() for row in found)


def told_of(treatment_session: TreatmentSession, title: str) -> Section:
    sections = [one for found in ports.told(treatment_session).values() for one in found]
    return next(section for section in sections if section.title == title)
