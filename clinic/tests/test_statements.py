"""Plans that a connection keeps, and rows that are made of what they read."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import NotSupportedError, connection, transaction

from clinic import locks
from clinic.models import AuditEvent, Clinic
from clinic.statements import columns, made, read_all, read_one, table

TEXT = "SELECT name FROM scratch"


@pytest.fixture
def migration(transactional_db) -> Iterator[psycopg.Connection[Any]]:
    """Another connection, with a table of its own."""
    settings = {**connection.get_connection_params(), "autocommit": True}
    with psycopg.connect(**settings) as other:
        other.execute("CREATE TABLE scratch (name varchar(5))")
        yield other
        other.execute("DROP TABLE scratch")


def widen(migration: psycopg.Connection[Any]) -> None:
    migration.execute("ALTER TABLE scratch ALTER COLUMN name TYPE varchar(9)")
    migration.execute("INSERT INTO scratch VALUES ('Taper')")


def test_a_kept_plan_outlives_a_migration(migration):
    read_all(TEXT, [])
    widen(migration)
    assert read_all(TEXT, []) == [("Taper",)]


def test_a_transaction_is_not_cut_in_two_by_a_migration(migration):
    read_all(TEXT, [])
    widen(migration)
    with pytest.raises(NotSupportedError), transaction.atomic():
        read_all(TEXT, [])
    with transaction.atomic():
        assert read_all(TEXT, []) == [("Taper",)]


def test_a_column_of_json_is_read_when_it_is_asked_for(nurse):
    stored = AuditEvent.objects.exclude(after=None).latest("pk")
    text = f"SELECT {columns(AuditEvent)} FROM {table(AuditEvent)} WHERE id = %s"  # noqa: S608  ours
    event = made(AuditEvent, read_one(text, [stored.pk]))
    assert event.get_deferred_fields() == {"before", "after", "detail"}
    assert event.after == stored.after


def test_a_row_that_is_gone_is_missed_by_its_model(db):
    with pytest.raises(Clinic.DoesNotExist), transaction.atomic():
        locks.exclusive(Clinic, 0)
