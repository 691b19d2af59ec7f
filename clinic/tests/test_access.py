"""INV-8: deny by default; a role here is nothing there."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import URLPattern, URLResolver, get_resolver

from clinic import access
from clinic.audit import acting
from clinic.models import Membership, Room
from clinic.roles import PERMISSIONS, Role
from clinic.tests.factories import TESTS

PUBLIC = {"healthz", "readyz"}


def all_patterns(resolver=None, prefix=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from all_patterns(pattern, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern


def own_pages():
    for path, pattern in all_patterns():
        if not path.startswith(("accounts/", "admin/")) and path not in PUBLIC:
            yield path, pattern


def concrete(path: str) -> str:
    """Fill the parameters of a route with values that fit their converters."""
    for name, value in (
        ("<uuid:public_id>", "6f2c0d3e-5a4b-4c1d-9e8f-0a1b2c3d4e5f"),
        ("<str:to_status>", "checked_in"),
    ):
        path = path.replace(name, value)
    return "/" + path


def sent_to(response) -> str:
    """Return where a redirect leads: for a plain request, or for a background one."""
    return response.headers.get("Location") or response.headers.get("HX-Redirect", "")


def test_every_page_of_ours_asks_strangers_to_sign_in(client, db):
    checked = 0
    for path, _ in own_pages():
        for method in (client.get, client.post):
            response = method(concrete(path))
            if response.status_code not in {404, 405}:
                assert sent_to(response).startswith("/accounts/login/"), path
        checked += 1
    assert checked > 5


def test_a_row_of_another_clinic_is_not_found(rf, nurse, other_clinic):
    with acting(TESTS):
        room = Room.objects.create(clinic=other_clinic, name="Theirs")
    request = rf.get("/")
    request.user = nurse
    with pytest.raises(Http404):
        access.fetch(request, Room.objects.all(), "desk.view_board", public_id=room.public_id)


def test_the_wrong_role_is_refused(rf, nurse, clinic):
    request = rf.get("/")
    request.user = nurse
    room = clinic.rooms.get()
    with pytest.raises(PermissionDenied):
        access.fetch(request, Room.objects.all(), "clinic.change_room", public_id=room.public_id)


def test_an_ended_membership_gives_nothing(nurse):
    with acting(TESTS):
        Membership.objects.update(is_active=False)
    nurse = type(nurse).objects.get(pk=nurse.pk)
    assert nurse.clinic_ids == []
    assert not nurse.has_perm("desk.view_board")


def test_a_prescriber_here_is_nobody_there(prescriber, clinic, other_clinic):
    assert prescriber.may("treatment_sessions.order_dose", clinic.pk)
    assert not prescriber.may("treatment_sessions.order_dose", other_clinic.pk)


@pytest.mark.parametrize(
    ("role", "forbidden"),
    [
        (Role.FRONT_DESK, "treatment_sessions.give_dose"),
        (Role.FRONT_DESK, "monitoring.record_vitals"),
        (Role.FRONT_DESK, "patients.view_chart"),
        (Role.NURSE, "treatment_sessions.order_dose"),
        (Role.NURSE, "treatment_sessions.sign_session"),
        (Role.ADMINISTRATOR, "treatment_sessions.sign_session"),
        (Role.ADMINISTRATOR, "patients.view_chart"),
        (Role.AUDITOR, "treatment_sessions.check_in"),
        (Role.PRESCRIBER, "treatment_sessions.publish_protocol"),
    ],
)
def test_roles_end_where_they_should(role, forbidden):
    assert forbidden not in PERMISSIONS[role]


def test_an_auditor_changes_nothing():
    reading = ("view_", "read_")
    assert all(p.partition(".")[2].startswith(reading) for p in PERMISSIONS[Role.AUDITOR])
