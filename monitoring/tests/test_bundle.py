"""What a session's record reads as JSON is what the models would have read."""

from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Model

from clinic.models import User
from monitoring.services import discharge, events, history
from monitoring.tests.visits import Visit


def fields_of(row: Model) -> dict[str, Any]:
    """Return the loaded fields; one that was not read stays out."""
    left_out = row.get_deferred_fields()
    names = (field.attname for field in row._meta.concrete_fields)
    return {name: getattr(row, name) for name in names if name not in left_out}


@pytest.fixture
def record(visit: Visit, nurse: User) -> history.Record:
    visit.be_monitored()
    visit.measure(temperature=Decimal("36.5"), oxygen_l_min=Decimal("2.0"), note="“Café” 100%")
    visit.clock.forward(minutes=1)
    events.report(visit.pk, events.Reported("Nausea", "mild"), by=nurse)
    discharge.assess(visit.pk, ready=False, by=nurse, note="Sleepy")
    return history.load(visit.fresh())


@pytest.mark.parametrize("part", ["vitals", "doses", "adverse_events"])
def test_each_field_has_its_value_and_its_type(record: history.Record, part: str) -> None:
    rows = getattr(record, part)
    assert rows
    for row in [*rows, record.assessment]:
        read = fields_of(row)
        stored = fields_of(type(row).objects.get(pk=row.pk))
        assert read == {name: stored[name] for name in read}
        assert [type(value) for value in read.values()] == [type(stored[name]) for name in read]


def test_only_the_session_itself_is_left_out(record: history.Record) -> None:
    assert record.vitals[0].get_deferred_fields() == {"treatment_session_id"}


def test_what_is_joined_is_there(
    record: history.Record, nurse: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert str(record.vitals[0].recorded_by) == str(nurse)
        assert record.adverse_events[0].resolved_at is None


def test_a_field_that_was_not_read_is_asked_for(
    record: history.Record, nurse: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        assert record.vitals[0].recorded_by.email == nurse.email
