"""INV-7: no clinical write without its audit entry in the same transaction."""

import pytest
from django.db import DatabaseError, transaction

from clinic import audit, sealing
from clinic.audit import acting, system
from clinic.models import AuditEvent, AuditSeal, Clinic, Room

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic(db):
    with acting(system("tests")):
        return Clinic.objects.create(name="North", time_zone="Europe/Berlin", sender_name="North")


def test_a_write_without_an_actor_is_refused():
    with pytest.raises(DatabaseError, match="without an actor"), transaction.atomic():
        Clinic.objects.create(name="Nobody's", time_zone="UTC", sender_name="-")


def test_a_write_leaves_who_did_what(clinic):
    event = AuditEvent.objects.get(table_name="clinic_clinic", event="row.insert")
    assert (event.actor_kind, event.actor_label, event.clinic_id) == ("system", "tests", clinic.pk)
    assert (event.after or {})["name"] == "North"


@pytest.mark.parametrize("write", ["save", "update", "bulk"])
def test_every_path_of_writing_leaves_the_change(clinic, write):
    with acting(system("tests")):
        if write == "save":
            clinic.phone = "1"
            clinic.save()
        elif write == "update":
            Clinic.objects.update(phone="1")
        else:
            clinic.phone = "1"
            Clinic.objects.bulk_update([clinic], ["phone"])
    event = AuditEvent.objects.get(event="row.update")
    assert (event.before, event.after) == ({"phone": ""}, {"phone": "1"})


def test_the_actor_ends_with_the_block(clinic):
    with pytest.raises(DatabaseError, match="without an actor"), transaction.atomic():
        Room.objects.create(clinic=clinic, name="1")


def test_an_inner_actor_gives_way_to_the_outer_one(clinic):
    with acting(system("outer")):
        with acting(system("inner")):
            Room.objects.create(clinic=clinic, name="1")
        Room.objects.create(clinic=clinic, name="2")
    labels = AuditEvent.objects.filter(table_name="clinic_room").order_by("id")
    assert [event.actor_label for event in labels] == ["inner", "outer"]


def test_a_named_event_needs_an_actor():
    with pytest.raises(audit.NoActorError):
        audit.record("something.happened")


@pytest.mark.parametrize("change", [lambda e: e.update(event="x"), lambda e: e.delete()])
def test_the_trail_is_append_only(clinic, change):
    with pytest.raises(DatabaseError), transaction.atomic():
        change(AuditEvent.objects.all())


def test_the_chain_is_intact_after_sealing(clinic):
    sealed = sealing.seal()
    assert sealed == AuditSeal.objects.count() == AuditEvent.objects.count()
    assert sealing.first_broken(clinic.pk) is None
    assert sealing.seal() == 0
