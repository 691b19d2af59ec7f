from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.tests.factories import TESTS
from desk import patient_rows
from desk.tests.factories import make_monitored
from patients.models import Patient
from patients.tests.factories import make_patient

LIST = "/patients/"
SEARCH = "/patients/search/"


def names(response: Any) -> list[str]:
    return [row.name for row in response.context["page"].rows]


def find(client: Client, text: str, **more: str) -> list[str]:
    return names(client.post(SEARCH, {"q": text, **more}))


@pytest.fixture
def people(clinic: Clinic) -> None:
    make_patient(
        clinic,
        given_name="Zoë",
        family_name="Ångström",
        birth_date=date(1971, 3, 9),
        record_number="NX-77",
    )
    make_patient(clinic, given_name="Ann-Marie", family_name="Bergström")
    make_patient(clinic, given_name="Per", family_name="100% Lind_qvist")
    make_patient(clinic, given_name="Róisín", family_name="O'Connell", phone="+49 30 23125 099")
    make_patient(
        clinic, given_name="Jürgen", family_name="Grünfeld-Weiß", birth_date=date(1980, 10, 28)
    )
    make_patient(clinic, given_name="Mia", family_name="van der Moer", phone="(030) 555-0142")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ångström zoë", ["Ångström, Zoë"]),
        ("ZOE ang", ["Ångström, Zoë"]),
        ("gstr", ["Bergström, Ann-Marie", "Ångström, Zoë"]),
        ("marie berg", ["Bergström, Ann-Marie"]),
        ("nx-77", ["Ångström, Zoë"]),
        ("1971-03-09", ["Ångström, Zoë"]),
        ("09.03.1971", ["Ångström, Zoë"]),
        ("03/09/1971", ["Ångström, Zoë"]),
        ("z", ["Ångström, Zoë"]),
        ("be", ["Bergström, Ann-Marie"]),
        ("st", []),
        ("%", []),
        ("00%", ["100% Lind_qvist, Per"]),
        ("100%", ["100% Lind_qvist, Per"]),
        ("d_q", ["100% Lind_qvist, Per"]),
        ("berg_", []),
        ("nobody", []),
        ("Ångström, Zoë", ["Ångström, Zoë"]),
        ("nx77", ["Ångström, Zoë"]),
        ("annmarie", ["Bergström, Ann-Marie"]),
        ("oconnell", ["O'Connell, Róisín"]),
        ("O’Connell", ["O'Connell, Róisín"]),
        ("o-connell roisin", ["O'Connell, Róisín"]),
        ("gruenfeld", ["Grünfeld-Weiß, Jürgen"]),
        ("grunfeld jurgen", ["Grünfeld-Weiß, Jürgen"]),
        ("juergen weiss", ["Grünfeld-Weiß, Jürgen"]),
        ("grünfeldweiß", ["Grünfeld-Weiß, Jürgen"]),
        ("vandermo", ["van der Moer, Mia"]),
        ("Möer", ["van der Moer, Mia"]),
        ("28 Oct 1980", ["Grünfeld-Weiß, Jürgen"]),
        ("October 28, 1980", ["Grünfeld-Weiß, Jürgen"]),
        ("28.10.1980", ["Grünfeld-Weiß, Jürgen"]),
        ("9. 3. 1971", ["Ångström, Zoë"]),
        ("10/28/1980", ["Grünfeld-Weiß, Jürgen"]),
        ("28/10/1980", ["Grünfeld-Weiß, Jürgen"]),
        ("3/9/1971", ["Ångström, Zoë"]),
        ("weiss 28 oct 1980", ["Grünfeld-Weiß, Jürgen"]),
        ("weiss 27 oct 1980", []),
        ("+49 30 23125099", ["O'Connell, Róisín"]),
        ("030 231 25-099", ["O'Connell, Róisín"]),
        ("5099", ["O'Connell, Róisín"]),
        ("+49 (30) 555 01 42", ["van der Moer, Mia"]),
        ("0142", ["van der Moer, Mia"]),
        ("0 30 9 99 99 99", []),
    ],
)
def test_search_finds(
    client: Client, nurse: User, people: None, text: str, found: list[str]
) -> None:
    client.force_login(nurse)
    assert sorted(find(client, text)) == sorted(found)


@pytest.mark.parametrize("text", ["\x00", "\\", "'", "x" * 5000, "a " * 500, "‮", "%_\\%"])
def test_absurd_searches_find_nobody(client: Client, nurse: User, people: None, text: str) -> None:
    client.force_login(nurse)
    assert client.post(SEARCH, {"q": text}).status_code == 200


def test_typing_gets_the_fragment_only(client: Client, nurse: User, people: None) -> None:
    client.force_login(nurse)
    response = client.post(SEARCH, {"q": "berg"}, headers={"HX-Request": "true"})
    assert "<html" not in response.content.decode()
    assert "Bergström, Ann-Marie" in response.content.decode()


def test_the_search_box_of_the_header_gets_a_short_list(
    client: Client, clinic: Clinic, nurse: User, people: None
) -> None:
    client.force_login(nurse)
    in_header = {"HX-Request": "true", "HX-Target": "found"}
    found = client.post(SEARCH, {"q": "gruenf"}, headers=in_header).content.decode()
    assert "Grünfeld-Weiß, Jürgen" in found
    assert "<html" not in found
    assert "<table" not in found
    assert "Nobody here" in client.post(SEARCH, {"q": "zz"}, headers=in_header).content.decode()
    assert "found panel" not in client.post(SEARCH, {"q": " "}, headers=in_header).content.decode()


def test_what_was_typed_is_never_in_an_address(client: Client, nurse: User, people: None) -> None:
    client.force_login(nurse)
    assert client.get(SEARCH, {"q": "berg"}).headers["Location"] == LIST
    assert len(names(client.get(LIST, {"q": "berg"}))) == 6


def test_pages_follow_each_other_without_gap(client: Client, clinic: Clinic, nurse: User) -> None:
    for number in range(60):
        make_patient(clinic, family_name=f"Same{number // 30}", given_name=f"G{number % 7}")
    client.force_login(nurse)
    seen, after = [], ""
    while True:
        page = client.get(LIST, {"after": after}).context["page"]
        seen += [row.public_id for row in page.rows]
        after = page.more_after
        if not after:
            break
    assert len(seen) == len(set(seen)) == 60


def test_search_pages_too(client: Client, clinic: Clinic, nurse: User) -> None:
    for number in range(30):
        make_patient(clinic, family_name=f"Same{number:02}")
    client.force_login(nurse)
    page = client.post(SEARCH, {"q": "same"}).context["page"]
    assert len(find(client, "same", after=page.more_after)) == 5


def test_search_reads_beyond_the_beginning_of_the_list(
    client: Client, clinic: Clinic, nurse: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three are read ahead: what they don't hold, the index finds, page by page."""
    monkeypatch.setattr(patient_rows, "AHEAD", 3)
    for number in range(10):
        make_patient(clinic, family_name=f"Aaron{number}")
    for number in range(30):
        make_patient(clinic, family_name=f"Same{number:02}")
    client.force_login(nurse)
    first = client.post(SEARCH, {"q": "same"}).context["page"]
    assert [row.name for row in first.rows] == [f"Same{n:02}, Ada" for n in range(25)]
    assert find(client, "same", after=first.more_after) == [f"Same{n}, Ada" for n in range(25, 30)]


@pytest.mark.parametrize("after", ["x", "%00", "00000000-0000-0000-0000-000000000000"])
def test_a_wrong_place_in_the_list_is_the_beginning(
    client: Client, nurse: User, people: None, after: str
) -> None:
    client.force_login(nurse)
    assert len(names(client.get(LIST, {"after": after}))) == 6


def test_the_filter_by_course_is_in_the_address(
    client: Client, clinic: Clinic, nurse: User, people: None
) -> None:
    make_monitored(clinic, nurse, datetime.now(UTC), patient={"family_name": "Treated"})
    client.force_login(nurse)
    assert names(client.get(LIST, {"show": "course"})) == ["Treated, Ada"]
    assert len(names(client.get(LIST, {"show": "none"}))) == 6
    assert len(names(client.get(LIST, {"show": "absurd"}))) == 7


def test_a_row_tells_the_course_and_the_last_values(
    client: Client, clinic: Clinic, nurse: User, front_desk: User
) -> None:
    make_monitored(clinic, nurse, datetime.now(UTC) - timedelta(minutes=9))
    client.force_login(nurse)
    row = client.get(LIST).context["page"].rows[0]
    assert row.course == "Esketamine TRD (US) · Induction 1 of 8"
    assert row.values == "124/78, 98 %"
    client.force_login(front_desk)
    assert "124/78" not in client.get(LIST).content.decode()


def test_who_cannot_be_treated_is_marked(client: Client, clinic: Clinic, nurse: User) -> None:
    make_patient(clinic, birth_date=date(2015, 1, 1))
    client.force_login(nurse)
    assert "under 18" in client.get(LIST).content.decode()


def test_other_clinics_patients_are_never_found(
    client: Client, nurse: User, other_clinic: Clinic
) -> None:
    stranger = make_patient(other_clinic, family_name="Stranger")
    client.force_login(nurse)
    assert find(client, "stranger") == []
    assert names(client.get(LIST, {"after": str(stranger.public_id)})) == []


def test_empty_lists_offer_what_fills_them(
    client: Client, clinic: Clinic, nurse: User, auditor: User
) -> None:
    client.force_login(nurse)
    assert "Register a patient" in client.get(LIST).content.decode()
    client.force_login(auditor)
    assert "Register a patient" not in client.get(LIST).content.decode()


@pytest.mark.parametrize("number", [10, 1000])
def test_list_and_search_cost_the_same_for_any_number(
    client: Client, clinic: Clinic, nurse: User, number: int, django_assert_num_queries: Any
) -> None:
    with acting(TESTS):
        Patient.objects.bulk_create(
            Patient(
                clinic=clinic,
                given_name="Maximiliane",
                family_name=f"Wagenknecht{n:05}",
                birth_date="1980-01-01",
                record_number=f"B{n:05}",
            )
            for n in range(number)
        )
    client.force_login(nurse)
    client.get(LIST)
    with django_assert_num_queries(3):
        first = client.get(LIST)
    with django_assert_num_queries(3):
        client.post(SEARCH, {"q": "knecht maxi"})
    assert len(first.content) <= 40_000
    if number > 25:
        with django_assert_num_queries(3):
            client.get(LIST, {"after": first.context["page"].more_after})


def test_search_can_use_the_trigram_index(clinic: Clinic) -> None:
    """So few rows are read whole; at 100,000 the planner takes the index by itself."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
    for text in ("okafor", "ok"):
        assert "patient_search" in Patient.objects.search(text).explain()
