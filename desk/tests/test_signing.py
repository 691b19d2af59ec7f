"""What the signer sees, what a signature closes, and how an altered record is found."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.forms.models import model_to_dict
from django.test import Client
from django.urls import reverse

from monitoring.services import discharge, events, predose
from monitoring.tests.visits import Visit
from sessions import ports
from sessions.services import signing


@pytest.fixture
def over(visit: Visit) -> Visit:
    """A whole visit: food decided on, two devices, an event, released."""
    visit.arrive()
    visit.check(no_food_2h="no")
    visit.clock.forward(minutes=1)
    visit.measure()
    predose.decide(visit.pk, "Half a biscuit", by=visit.prescriber)
    visit.clear()
    visit.clock.forward(minutes=3)
    visit.device(lot="LOT-A")
    visit.clock.forward(minutes=5)
    visit.device(lot="LOT-B")
    events.report(visit.pk, events.Reported("Nausea", "mild"), by=visit.nurse)
    visit.pass_time()
    events.resolve(visit.row.adverse_events.get(), "Gone by itself", by=visit.nurse)
    visit.clock.forward(minutes=1)
    visit.settle()
    discharge.release(visit.pk, by=visit.nurse)
    return visit


def sign(visit: Visit) -> None:
    signing.sign(visit.pk, by=visit.prescriber, version=visit.fresh().version)


def page_of(client: Client, name: str, *args: object) -> str:
    return client.get(reverse(name, args=args)).content.decode()


@pytest.mark.parametrize("page", ["desk:session", "sessions:sign"])
def test_the_signer_sees_what_the_signature_covers(client: Client, over: Visit, page: str) -> None:
    client.force_login(over.prescriber)
    shown = page_of(client, page, over.row.public_id).split('class="record')[1]
    for words in (
        "esketamine 56 mg",
        "lot LOT-A",
        "lot LOT-B",
        "Has eaten",
        "Half a biscuit",
        "124/78, pulse 72",
        "Gone by itself",
        "Accompanying adult: Sam",
        "Ready to leave",
        "Discharged",
    ):
        assert words in shown


def test_who_does_not_sign_pays_for_no_summary(client: Client, over: Visit) -> None:
    client.force_login(over.nurse)
    assert 'class="record' not in page_of(client, "desk:session", over.row.public_id)


@pytest.mark.parametrize("of", ["correct", "device_correct"])
def test_a_correction_of_a_signed_session_says_what_to_do(
    client: Client, over: Visit, of: str
) -> None:
    sign(over)
    client.force_login(over.nurse)
    if of == "correct":
        page = page_of(client, "monitoring:correct", over.row.vital_signs.all()[0].public_id)
    else:
        page = page_of(client, "sessions:device_correct", over.row.doses.all()[0].public_id)
    assert "This session is signed." in page
    assert "no addendum yet" in page
    assert "Save correction" not in page


def test_an_unaltered_record_is_intact(over: Visit, capsys: pytest.CaptureFixture[str]) -> None:
    sign(over)
    call_command("verify_audit")
    assert "signed records: intact" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("treatment_sessions_dose", "lot = 'LOT-C'"),
        ("monitoring_vitalsigns", "systolic = 110"),
        ("monitoring_predosecheck", "decision_reason = 'Other'"),
        ("monitoring_discharge", "left_at = left_at - interval '1 hour'"),
    ],
)
def test_a_row_altered_behind_a_signature_is_named(
    over: Visit, capsys: pytest.CaptureFixture[str], table: str, change: str
) -> None:
    sign(over)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE {table} SET {change}")  # noqa: S608  our own names
    with pytest.raises(CommandError, match="signed records"):
        call_command("verify_audit")
    assert f"session {over.row.public_id}" in capsys.readouterr().out


def test_a_field_that_a_later_release_adds_leaves_the_signature_intact(
    over: Visit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sign(over)
    monkeypatch.setattr(signing, "model_to_dict", lambda row: {**model_to_dict(row), "new": ""})
    call_command("verify_audit")
    assert "signed records: intact" in capsys.readouterr().out


def test_a_row_of_a_kind_that_the_signature_does_not_name_is_found(
    over: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(over)
    monkeypatch.setitem(ports.signed.parts, "later", lambda row: [{"rows": "later", "id": 1}])
    with pytest.raises(CommandError, match="signed records"):
        call_command("verify_audit")
