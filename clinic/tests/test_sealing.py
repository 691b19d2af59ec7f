"""Whoever alters the trail behind the application's back is found."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from clinic import sealing
from clinic.audit import acting
from clinic.models import AuditSeal, Room


@pytest.fixture
def sealed(clinic, nurse):
    with acting(nurse):
        for number in range(5):
            Room.objects.create(clinic=clinic, name=f"Bay {number}")
    sealing.seal()
    return clinic


def behind_the_back(sql: str) -> None:
    """Run SQL as an owner who has switched the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE clinic_auditevent DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE clinic_auditseal DISABLE TRIGGER USER")
        cursor.execute(sql)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE clinic_auditevent SET actor_label = 'somebody' WHERE id = {event}",
        "UPDATE clinic_auditevent SET at = at - interval '1 hour' WHERE id = {event}",
        "UPDATE clinic_auditevent SET after = '{{}}' WHERE id = {event}",
        "DELETE FROM clinic_auditseal WHERE event_id = {event}",
        "UPDATE clinic_auditseal SET hash = repeat('0', 64) WHERE event_id = {event}",
    ],
)
def test_an_altered_event_is_found(sealed, tampering):
    seal = AuditSeal.objects.filter(clinic=sealed).order_by("seq")[3]
    behind_the_back(tampering.format(event=seal.event_id))
    assert str(seal.seq) in (sealing.first_broken(sealed.pk) or "")


def test_the_command_says_that_the_chains_are_intact(sealed, capsys):
    call_command("verify_audit")
    assert f"clinic {sealed.pk}: intact" in capsys.readouterr().out


def test_the_command_fails_on_a_broken_chain(sealed):
    seal = AuditSeal.objects.filter(clinic=sealed).order_by("seq")[0]
    rename = "UPDATE clinic_auditevent SET event = 'x' WHERE id = {event}"
    behind_the_back(rename.format(event=seal.event_id))
    with pytest.raises(CommandError, match="altered"):
        call_command("verify_audit")


def test_events_of_later_transactions_are_sealed_in_the_next_run(sealed, nurse):
    with acting(nurse):
        Room.objects.create(clinic=sealed, name="Late")
    assert sealing.seal() == 1
    assert sealing.first_broken(sealed.pk) is None


def test_the_command_says_how_much_waits_for_a_link(sealed, nurse, capsys):
    with acting(nurse):
        Room.objects.create(clinic=sealed, name="Late")
    call_command("verify_audit")
    assert "1 events wait for a link" in capsys.readouterr().out
