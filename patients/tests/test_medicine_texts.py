"""Reading medicines: many texts, each with the one right answer."""

import pytest

from patients.medicines import interactions, knowledge, near
from patients.medicines.explain import status
from patients.medicines.interactions import Context
from patients.medicines.resolver import resolve
from patients.tests.medicine_texts import Expected, alerting, expected

NASAL = Context("esketamine", "nasal")
SEDATING = ("diphenhydramine", "hydroxyzine", "doxylamine", "promethazine", "chlorphenamine")
NOT_SEDATING = ("cetirizine", "loratadine", "fexofenadine", "desloratadine", "bilastine")


@pytest.mark.parametrize("case", expected(), ids=lambda case: case.text)
def test_a_text_is_read_as_a_pharmacist_would(case: Expected):
    reading = resolve(case.text)
    assert {each.name for each in reading.taken} == set(case.ingredients)
    assert status(reading) == case.status, reading
    if case.reason:
        assert case.reason in {each.doubt.value for each in reading.unresolved}
    routes = {each.name: each.route or "unknown" for each in reading.taken}
    assert all(routes[name] == route for name, route in case.ingredients.items() if route)


def test_the_list_is_long_enough_to_mean_something():
    assert len({case.text for case in expected()}) > 500


@pytest.mark.parametrize(("text", "rules"), alerting(), ids=[text for text, _ in alerting()])
def test_a_text_alerts_to_what_the_label_or_the_reference_names_and_to_nothing_else(text, rules):
    alerts = interactions.evaluate([resolve(text)], NASAL)
    assert {f"{each.rule.id}{'*' * each.rule.interrupts}" for each in alerts} == rules


@pytest.mark.parametrize("name", SEDATING)
def test_an_antihistamine_of_the_first_generation_counts_as_sedating(name: str):
    assert "cns_depressant" in {a.rule.id for a in interactions.evaluate([resolve(name)], NASAL)}


@pytest.mark.parametrize("name", NOT_SEDATING)
def test_an_antihistamine_of_the_second_generation_raises_nothing(name: str):
    reading = resolve(name)
    assert reading.is_understood
    assert interactions.evaluate([reading], NASAL) == []


def test_no_single_slip_turns_one_medicine_into_another():
    """Every name with a letter left out, doubled or swapped with the next."""
    names = {k[0]: n for k, n in knowledge.index().items() if len(k) == 1 and len(k[0]) >= 6}
    wrong = [
        (name, slip, read.name)
        for name, named in list(names.items())[::80]
        for slip in _slips(name)
        if slip not in names and (read := near.nearest(slip)) and read.contents != named.contents
    ]
    assert wrong == []


def _slips(name: str) -> set[str]:
    at = range(1, len(name))
    left_out = {name[:i] + name[i + 1 :] for i in at}
    doubled = {name[:i] + name[i] + name[i:] for i in at}
    swapped = {name[:i] + name[i + 1] + name[i] + name[i + 2 :] for i in at[:-1]}
    return (left_out | doubled | swapped) - {name}


def test_a_look_alike_in_the_middle_is_not_decided():
    assert near.nearest("hydrolazine") is None
    assert set(near.suggestions("hydrolazine")) == {"hydralazine", "hydroxyzine"}
