from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clinic.models import Clinic


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("demo_clinic", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_it_refuses_where_demo_data_is_not_allowed(settings):
    settings.DEMO_ALLOWED = False
    with pytest.raises(CommandError, match="not allowed"):
        run("--if-empty")
    assert not Clinic.objects.exists()


def test_it_refuses_beside_a_clinic(clinic):
    with pytest.raises(CommandError, match="only into an empty one"):
        run()
    assert list(Clinic.objects.all()) == [clinic]


def test_if_empty_leaves_a_clinic_alone_and_says_so(clinic):
    assert "no demo data was made" in run("--if-empty")
    assert list(Clinic.objects.all()) == [clinic]


@pytest.mark.django_db
def test_an_empty_database_becomes_two_clinics():
    assert "Made 2 clinics with 60 patients" in run("--if-empty")
    assert Clinic.objects.count() == 2
