"""Reviewed lists: every row says where it is from, and codes are unique in their list."""

import pytest

from clinic.provenance import Certainty
from monitoring import hunter, reviewed

ROWS = [
    (f"{name}.{title}", rows)
    for name in reviewed.topics()
    for title, rows in reviewed.topic(name).items()
]


@pytest.mark.parametrize(("name", "rows"), ROWS, ids=[name for name, _ in ROWS])
def test_every_row_names_its_source_and_how_sure_it_is(name, rows) -> None:
    assert rows
    assert all(row.source.text and row.source.certainty in Certainty and row.words for row in rows)
    codes = [row.code for row in rows]
    assert len(codes) == len(set(codes))


def test_the_signs_of_the_exam_are_those_of_the_criteria() -> None:
    assert tuple(row.code for row in reviewed.topic("serotonin")["signs"]) == hunter.SIGNS


def test_panic_has_thirteen_symptoms() -> None:
    assert len(reviewed.topic("panic")["symptoms"]) == 13


def test_a_code_that_left_its_list_stays_readable() -> None:
    assert reviewed.words_of("events", "terms", ["nausea", "gone"]) == ["Nausea", "gone"]
