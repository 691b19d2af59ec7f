from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clinic import clock
from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from desk.demo import renewal
from desk.demo.build import Made
from desk.management.commands import demo_clinic
from patients.models import Patient
from sessions.lifecycle import PRESENT
from sessions.models import TreatmentSession


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("demo_clinic", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def yesterday(django_db_setup, django_db_blocker):
    """A demo that was made a day ago."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        assert "Made 2 clinics with 60 patients" in run("--if-needed")
        later = clock.now() + timedelta(days=1)
        patch.setattr(clock, "now", lambda *_: later)
        yield later
        call_command("flush", interactive=False, verbosity=0)


@pytest.mark.django_db
def test_it_refuses_where_demo_data_is_not_allowed(settings):
    settings.DEMO_ALLOWED = False
    with pytest.raises(CommandError, match="not allowed"):
        run("--if-needed")
    assert not Clinic.objects.exists()


@pytest.mark.parametrize("arguments", [[], ["--fresh"]])
def test_it_refuses_beside_a_clinic_that_is_no_demo(clinic, arguments):
    with pytest.raises(CommandError, match="only into an empty one"):
        run(*arguments)
    assert list(Clinic.objects.all()) == [clinic]


def test_if_needed_leaves_a_clinic_alone(clinic):
    assert run("--if-needed") == ""
    assert list(Clinic.objects.all()) == [clinic]


@pytest.mark.django_db
def test_an_empty_database_becomes_two_clinics(yesterday):
    assert Clinic.objects.count() == 2


@pytest.mark.django_db
def test_a_demo_of_today_is_left_alone(yesterday, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda *_: AuditEvent.objects.latest("pk").at)
    assert run("--if-needed") == ""


@pytest.mark.django_db
def test_a_demo_of_yesterday_that_somebody_used_is_kept(yesterday):
    patient = Patient.objects.earliest("pk")
    with acting(User.objects.get(username="frontdesk")):
        patient.phone = "+1 212 555 0199"
        patient.save()
    assert demo_clinic.OVER in run("--if-needed")
    assert Patient.objects.filter(phone="+1 212 555 0199").exists()


@pytest.mark.django_db
def test_a_demo_of_yesterday_that_nobody_used_gets_a_new_day(yesterday):
    assert demo_clinic.RENEWED in run("--if-needed")
    present = TreatmentSession.objects.filter(status__in=PRESENT)
    assert present.count() >= 9
    assert all(abs(row.starts_at - yesterday) < timedelta(hours=5) for row in present)


@pytest.mark.django_db
def test_a_fresh_demo_throws_away_one_that_was_used(yesterday, monkeypatch):
    with acting(User.objects.get(username="frontdesk")):
        Patient.objects.update(phone="+1 212 555 0199")
    monkeypatch.setattr(renewal, "build", lambda now: Made(2, 60, 700))
    assert "Made 2 clinics" in run("--fresh")
    assert not Clinic.objects.exists()
