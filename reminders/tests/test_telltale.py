"""Which words of a clinic would tell others of the treatment."""

import pytest

from reminders import telltale, words

NOTHING = [
    "",
    "See you on {day}, the same time, {time}. Ella viene.",
    "No alcohol and no coffee on that day; bring an iron will.",
    "In an emergency call 112. Three times weekly we answer mail.",
    "Practice Dr. North",
]


@pytest.mark.parametrize("text", NOTHING)
def test_ordinary_words_tell_nothing(text):
    assert telltale.names_in(text) == []
    assert telltale.warning(text) == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Your KETAMINE visit", ["ketamine"]),
        ("Su cita de ketamina", ["ketamina"]),
        ("Esketamin-Termin", ["esketamin"]),
        ("Spravato, spravato", ["spravato"]),
        ("Leave out Zoloft and St. John's wort.", ["zoloft", "st johns wort"]),
        ("Nasal spray on {day}", ["nasal", "spray"]),
        ("Your treatment for depression", ["treatment", "depression"]),
        ("Infusión", ["infusion"]),
    ],
)
def test_medicines_and_the_treatment_are_found_as_whole_words(text, told):
    assert telltale.names_in(text) == told


@pytest.mark.parametrize("text", ["Spravatory", "overnasal", "aketamine", "Zoloftus"])
def test_a_part_of_a_word_is_none(text):
    assert telltale.names_in(text) == []


def test_what_ships_needs_no_warning():
    for language in words.shipped().values():
        for kind in language.kinds.values():
            assert telltale.warning(kind["subject"], *kind["body"]) == ""


def test_every_shipped_drug_is_known():
    for drug in telltale.Drug.labels:
        assert telltale.names_in(f"your {drug.upper()}!") == [drug.lower()]
