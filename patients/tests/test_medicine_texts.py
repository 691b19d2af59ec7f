"""Reading medicines: many texts, each with the one right answer."""

import pytest

from patients.medicines.explain import status
from patients.medicines.resolver import resolve
from patients.tests.medicine_texts import Expected, expected


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
    assert len({case.text for case in expected()}) > 250
