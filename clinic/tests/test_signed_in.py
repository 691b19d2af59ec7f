"""Signing in, staying signed in, and what a signed-in page leaves behind."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic import heartbeat
from clinic.audit import acting
from clinic.models import User
from clinic.roles import Role
from clinic.signed_in import user_with_memberships
from clinic.tests.factories import TESTS

BOARD = "/"


@pytest.fixture
def signed_in(client, nurse):
    client.force_login(nurse)
    client.get(BOARD)
    return client


def after(minutes: int) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True)


def test_sixteen_idle_minutes_end_the_session(signed_in):
    with after(16):
        assert signed_in.get(BOARD).status_code == 302


def test_use_keeps_it_alive(signed_in):
    with after(10):
        signed_in.get(BOARD)
    with after(20):
        assert signed_in.get(BOARD).status_code == 200


def test_background_polling_does_not_keep_it_alive(signed_in):
    with after(10):
        signed_in.get(BOARD, headers={"X-Poll": "1"})
    with after(20):
        assert signed_in.get(BOARD).status_code == 302


def test_it_ends_after_a_working_day_whatever_happens(signed_in):
    for minutes in range(14, 12 * 60 + 14, 14):  # never idle for 15 minutes
        with after(minutes):
            last = signed_in.get(BOARD)
    assert last.status_code == 302


def test_pages_are_not_kept_by_caches(signed_in):
    assert signed_in.get(BOARD)["Cache-Control"] == "private, no-store"


def test_every_answer_carries_the_strict_policy(client, db):
    policy = client.get(reverse("account_login"))["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_nobody_signs_up(client, db):
    password = "longenough1x"
    values = {"username": "x", "password1": password, "password2": password}
    client.post("/accounts/signup/", values)
    assert not User.objects.exists()


def test_a_required_second_factor_is_set_up_first(client, nurse, settings):
    settings.MFA_REQUIRED = True
    client.force_login(nurse)
    response = client.get(BOARD)
    assert (response.status_code, response.url) == (302, reverse("mfa_activate_totp"))


def test_a_foreign_clinic_can_not_be_chosen(signed_in, other_clinic):
    response = signed_in.post(reverse("choose_clinic"), {"clinic": str(other_clinic.public_id)})
    assert response.status_code == 404


@pytest.mark.parametrize(("path", "answer"), [("/healthz", b"ok\n"), ("/readyz", b"ok\n")])
def test_health_is_told_without_signing_in(client, db, path, answer):
    heartbeat.beat(heartbeat.SWEEP)
    response = client.get(path)
    assert (response.status_code, response.content) == (200, answer)


@pytest.mark.parametrize(
    ("path", "host", "code"),
    [
        ("/accounts/login/", "testserver", 200),
        (BOARD, "testserver", 302),
        ("/nowhere/", "testserver", 404),
        (BOARD, "evil.example", 400),
        ("/static/css/app.css", "testserver", 200),
    ],
)
def test_every_answer_refuses_frames_and_guessed_types(client, db, path, host, code):
    response = client.get(path, headers={"host": host})
    assert response.status_code == code
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert ("no-store" in response["Cache-Control"]) == (not path.startswith("/static/"))


def test_a_body_in_another_encoding_is_refused_kindly(db):
    client = Client(enforce_csrf_checks=True)
    client.get(reverse("account_login"))
    response = client.post(
        reverse("account_login"),
        b"login=a",
        content_type="application/x-www-form-urlencoded; charset=utf-7",
    )
    assert response.status_code == 400
    assert response["X-Frame-Options"] == "DENY"


def test_a_closed_account_is_signed_out_at_once(signed_in, nurse):
    with acting(TESTS):
        User.objects.filter(pk=nurse.pk).update(is_active=False)
    assert signed_in.get(BOARD).status_code == 302


def test_only_standing_memberships_count(nurse, clinic, other_clinic):
    with acting(TESTS):
        other_clinic.memberships.create(user=nurse, role=Role.AUDITOR, is_active=False)
        clinic.memberships.create(user=nurse, role=Role.FRONT_DESK)
    user = user_with_memberships(nurse.pk)
    assert user is not None
    assert user.clinics == [clinic]
    assert user.roles_by_clinic == {clinic.pk: {Role.NURSE, Role.FRONT_DESK}}
