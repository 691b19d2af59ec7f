from datetime import date

import pytest

from clinic.models import Clinic
from patients import finding
from patients.models import Patient
from patients.services.register import possible_duplicates
from patients.tests.factories import make_patient


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1980-10-28", ["1980-10-28"]),
        ("28.10.1980", ["1980-10-28"]),
        ("8. 3. 1980", ["1980-03-08"]),
        ("28 Oct 1980", ["1980-10-28"]),
        ("28. october 1980", ["1980-10-28"]),
        ("Oct 28, 1980", ["1980-10-28"]),
        ("10/28/1980", ["1980-10-28"]),
        ("28-10-1980", ["1980-10-28"]),
        ("03/04/1980", ["1980-04-03", "1980-03-04"]),
        ("29.2.2000", ["2000-02-29"]),
    ],
)
def test_a_day_is_understood_as_it_is_written(text: str, days: list[str]) -> None:
    assert finding.understand(text) == finding.Wanted([tuple(map(date.fromisoformat, days))])


@pytest.mark.parametrize("text", ["29.2.2001", "28 Foo 1980", "13/13/1980", "x28.10.1980"])
def test_what_is_no_day_is_not_taken_for_one(text: str) -> None:
    assert finding.understand(text).births == []


def test_a_day_may_stand_among_names() -> None:
    wanted = finding.understand("Ann 28 Oct 1980 Berg")
    assert wanted == finding.Wanted([(date(1980, 10, 28),)], [("%ann%",), ("%berg%",)])


@pytest.mark.parametrize(
    ("text", "of_the_phone"),
    [
        ("030 / 231 25-099", "%#%3023125099%"),
        ("+49 (0)30 231 25 099", "%#%3125099%"),
        ("0049 30 23125099", "%#%3125099%"),
        ("5099", "%5099%"),
    ],
)
def test_a_phone_number_is_compared_by_its_digits(text: str, of_the_phone: str) -> None:
    assert finding.understand(text).words[0][-1] == of_the_phone


def test_zeros_alone_are_no_phone_number() -> None:
    assert finding.understand("0000").words == [("%0000%",)]


@pytest.mark.parametrize("text", ["%", "---", "' .", "_ %"])
def test_signs_alone_are_in_no_name(text: str) -> None:
    assert finding.understand(text).words == [()]


def test_nothing_typed_asks_for_nothing() -> None:
    assert not finding.understand("  ")


@pytest.mark.parametrize("family_name", ["Gruenfeld", "Grunfeld", "GRÜN-FELD"])
def test_a_name_in_another_spelling_may_be_a_duplicate(clinic: Clinic, family_name: str) -> None:
    known = make_patient(clinic, given_name="Eva", family_name="Grünfeld")
    found = possible_duplicates(
        clinic, family_name=family_name, given_name="Eva", birth_date=known.birth_date
    )
    assert found == [known]


def test_a_changed_phone_number_is_found_and_the_old_one_is_not(clinic: Clinic) -> None:
    make_patient(clinic, phone="0171 5550101", birth_date=date(1990, 1, 1))
    assert Patient.objects.search("171 555 0101").count() == 1
    assert Patient.objects.search("171 555 0102").count() == 0
