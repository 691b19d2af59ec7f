"""New medicines named before the dose: read, stopping like the chart's, taken into the chart."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.models import User
from clinic.tests.factories import TESTS
from monitoring.services import told_medicines
from monitoring.tests.visits import Visit
from monitoring.told_medicines import told_in
from patients.models import Medication
from patients.services import medicines
from sessions.services import authorization


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" , ; ", []),
        ("tramadol", ["tramadol"]),
        ("tramadol 50 mg, St. John's wort", ["tramadol 50 mg", "St. John's wort"]),
        ("tramadol\nNardil;Xyrem", ["tramadol", "Nardil", "Xyrem"]),
        ("vitamin D 1,000 IU, zinc", ["vitamin D 1,000 IU", "zinc"]),
        ("tramadol,Tramadol,tramadol", ["tramadol", "Tramadol"]),
        ("Percocet 5-325 mg.", ["Percocet 5-325 mg"]),
    ],
)
def test_each_named_medicine_is_one_line(text: str, found: list[str]) -> None:
    assert told_in(text) == found


def named(visit: Visit, text: str, *, chart: str = "") -> None:
    if chart:
        with acting(TESTS):
            Medication.objects.create(
                patient=visit.patient, clinic=visit.patient.clinic, text=chart
            )
    if not visit.fresh().arrived_at:
        visit.arrive()
    visit.clock.forward(minutes=1)
    visit.check(new_medicines="yes", new_medicines_text=text)


def unmet(visit: Visit) -> dict[str, str]:
    found = authorization.missing(visit.fresh(), visit.clock.now)
    return {each.code: each.text for each in found if each.code in {"interaction", "medicine"}}


def test_a_new_mao_inhibitor_stops_the_dose(visit: Visit) -> None:
    named(visit, "Nardil 15 mg")
    assert "MAO inhibitor" in unmet(visit)["interaction"]


def test_new_medicines_are_judged_together_with_the_charts(visit: Visit) -> None:
    named(visit, "oxycodone 5 mg", chart="zolpidem 10 mg")
    assert "Opioid" in unmet(visit)["interaction"]


def test_one_that_is_not_recognised_asks_for_a_look_by_hand(visit: Visit) -> None:
    named(visit, "cetirizine, Xyzzanol")
    assert unmet(visit) == {"medicine": "1 medicine not recognised. Check by hand."}


def test_one_that_raises_nothing_stops_nothing(visit: Visit) -> None:
    named(visit, "cetirizine 10 mg, vitamin D")
    assert unmet(visit) == {}


def test_a_prescriber_acknowledges_it_with_a_reason_as_on_the_chart(visit: Visit) -> None:
    named(visit, "Nardil 15 mg")
    review = medicines.review_of(visit.patient, visit.clock.now.date())
    abouts = [each.about for each in review.open_alerts]
    with pytest.raises(PermissionDenied):
        medicines.acknowledge(visit.patient.pk, abouts, by=visit.nurse, reason="Watched")
    medicines.acknowledge(visit.patient.pk, abouts, by=visit.prescriber, reason="Watched longer")
    assert unmet(visit) == {}


def test_what_was_acknowledged_stays_so_once_it_is_on_the_chart(visit: Visit) -> None:
    named(visit, "Nardil 15 mg")
    review = medicines.review_of(visit.patient, visit.clock.now.date())
    abouts = [each.about for each in review.open_alerts]
    medicines.acknowledge(visit.patient.pk, abouts, by=visit.prescriber, reason="Watched longer")
    told_medicines.take(visit.fresh(), ["Nardil 15 mg"], by=visit.nurse)
    assert unmet(visit) == {}


def test_an_earlier_visits_answer_stops_nothing(visit: Visit) -> None:
    named(visit, "Nardil 15 mg")
    visit.row.arrived_at = visit.clock.now + timedelta(minutes=1)
    with acting(TESTS):
        visit.row.save(update_fields=["arrived_at"])
    assert unmet(visit) == {}


def test_no_new_medicine_and_a_name_contradict_each_other(visit: Visit) -> None:
    visit.arrive()
    with pytest.raises(ValidationError, match="clear this, or answer"):
        visit.check(new_medicines="no", new_medicines_text="Nardil")


def test_a_nurse_takes_them_into_the_chart_in_the_words_that_were_typed(
    visit: Visit, client: Client, nurse: User
) -> None:
    named(visit, "Nardil 15 mg, Xyzzanol")
    client.force_login(nurse)
    page = reverse("monitoring:to_chart", args=[visit.row.public_id])
    form = client.get(page).context["form"]
    values = {"texts": form["texts"].value(), "entry_id": form["entry_id"].value()}
    client.post(page, values)
    client.post(page, values)  # sent twice
    rows = Medication.objects.filter(patient=visit.patient)
    assert sorted(row.text for row in rows) == ["Nardil 15 mg", "Xyzzanol"]
    assert told_medicines.waiting(visit.fresh()) == []


def test_what_is_on_the_chart_already_is_not_offered(visit: Visit) -> None:
    named(visit, "nardil 15 MG, zinc", chart="Nardil 15 mg")
    assert told_medicines.waiting(visit.fresh()) == ["zinc"]
    with pytest.raises(ValidationError, match="by now"):
        told_medicines.take(visit.fresh(), ["nardil 15 MG"], by=visit.nurse)


def test_the_sheet_explains_and_offers_the_chart(visit: Visit, client: Client, nurse: User) -> None:
    named(visit, "oxycodone 5 mg, Xyzzanol", chart="zolpidem 10 mg")
    client.force_login(nurse)
    page = client.get(reverse("desk:session", args=[visit.row.public_id])).content.decode()
    for words in (
        "New today, not on the chart",
        "oxycodone 5 mg; Xyzzanol",
        "Opioid",
        "Not recognised: check by hand",
        reverse("monitoring:to_chart", args=[visit.row.public_id]),
    ):
        assert words in page


def test_saving_the_check_says_what_waits(visit: Visit) -> None:
    named(visit, "Nardil 15 mg, Xyzzanol")
    said = told_medicines.raised(visit.fresh())
    assert said.startswith("A prescriber acknowledges: MAO inhibitor (Nardil 15 mg)")
    assert said.endswith("Not recognised, check by hand: Xyzzanol.")
