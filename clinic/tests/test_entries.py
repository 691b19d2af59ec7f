"""INV-3: the same submission takes effect once, however often and however fast it is sent."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from clinic import entries
from clinic.audit import acting
from clinic.entries import AlreadyRecordedError, EntryConflictError
from clinic.models import Clinic, Entry, Room, User


def submit(user: User, clinic: Clinic, key: uuid.UUID, name: str) -> None:
    with acting(user):
        entries.claim(entries.submission(key, "room", clinic.pk, {"name": name}), user)
        Room.objects.create(clinic=clinic, name=name)


@pytest.fixture
def key() -> uuid.UUID:
    return uuid.uuid4()


def test_a_repeat_is_named_as_one(clinic, nurse, key):
    submit(nurse, clinic, key, "Bay")
    with pytest.raises(AlreadyRecordedError):
        submit(nurse, clinic, key, "Bay")


def test_other_values_under_the_same_key_are_a_conflict(clinic, nurse, key):
    submit(nurse, clinic, key, "Bay")
    with pytest.raises(EntryConflictError, match="already saved with other values"):
        submit(nurse, clinic, key, "Attic")
    assert not Room.objects.filter(name="Attic").exists()


def test_another_person_can_not_reuse_a_key(clinic, nurse, prescriber, key):
    submit(nurse, clinic, key, "Bay")
    with pytest.raises(EntryConflictError):
        submit(prescriber, clinic, key, "Bay")


def fail_after_claiming(user: User, clinic: Clinic, key: uuid.UUID) -> None:
    with acting(user):
        entries.claim(entries.submission(key, "room", clinic.pk, {}), user)
        raise ZeroDivisionError


def test_a_rolled_back_submission_frees_its_key(clinic, nurse, key):
    with pytest.raises(ZeroDivisionError):
        fail_after_claiming(nurse, clinic, key)
    submit(nurse, clinic, key, "Bay")
    assert Entry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_row(clinic, nurse, key):
    def post(_: int) -> str:
        try:
            submit(nurse, clinic, key, "Bay")
        except AlreadyRecordedError:
            return "repeat"
        finally:
            connection.close()
        return "first"

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))
    assert sorted(answers) == ["first"] + ["repeat"] * 19
    assert Room.objects.filter(name="Bay").count() == 1
