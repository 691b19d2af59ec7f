"""The administrators' pages: their clinic's rows, nobody else's, an author for every write."""

import pytest
from django.urls import reverse

from clinic import audit
from clinic.audit import acting
from clinic.models import AuditEvent, Closure, Membership, Room, User
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_staff


@pytest.fixture
def admin_client(client, administrator):
    client.force_login(administrator)
    return client


@pytest.fixture
def foreign_room(other_clinic):
    with acting(TESTS):
        return Room.objects.create(clinic=other_clinic, name="Foreign bay")


@pytest.mark.parametrize("model", ["clinic", "room", "closure", "user", "auditevent"])
def test_lists_open(admin_client, model):
    assert admin_client.get(reverse(f"admin:clinic_{model}_changelist")).status_code == 200


def test_another_clinics_rooms_are_not_shown(admin_client, foreign_room):
    page = admin_client.get(reverse("admin:clinic_room_changelist")).content.decode()
    assert "Room 1" in page
    assert "Foreign bay" not in page


@pytest.fixture
def of_both(administrator, clinic, other_clinic, foreign_room):
    """The administrator runs the other clinic, too."""
    with acting(TESTS):
        Membership.objects.create(user=administrator, clinic=other_clinic, role=Role.ADMINISTRATOR)
    return other_clinic


def test_the_header_names_the_clinic_whose_rows_are_shown(admin_client, of_both, clinic):
    page = admin_client.get(reverse("admin:clinic_room_changelist")).content.decode()
    assert "at <b>North</b>" in page
    assert "Go to South" in page
    assert "Room 1" in page
    assert "Foreign bay" not in page


def test_the_admin_goes_to_another_clinic_of_this_person(admin_client, of_both, clinic):
    values = {"clinic": str(of_both.public_id), "admin": "yes"}
    assert admin_client.post(reverse("choose_clinic"), values).url == reverse("admin:index")
    page = admin_client.get(reverse("admin:clinic_room_changelist")).content.decode()
    assert "at <b>South</b>" in page
    assert "Foreign bay" in page
    own = admin_client.get(reverse("admin:clinic_room_change", args=[clinic.rooms.get().pk]))
    assert own.status_code == 302


def test_who_works_at_one_clinic_has_no_switch(admin_client):
    page = admin_client.get(reverse("admin:index")).content.decode()
    assert "at <b>North</b>" in page
    assert "Go to" not in page


def test_who_runs_all_clinics_of_a_person_may_change_them(admin_client, of_both, clinic):
    shared = make_staff(clinic, Role.NURSE)
    with acting(TESTS):
        Membership.objects.create(user=shared, clinic=of_both, role=Role.NURSE)
    page = admin_client.get(reverse("admin:clinic_user_change", args=[shared.pk])).content.decode()
    assert 'name="username"' in page


def test_another_clinics_room_can_not_be_opened(admin_client, foreign_room):
    response = admin_client.get(reverse("admin:clinic_room_change", args=[foreign_room.pk]))
    assert response.status_code == 302


def test_a_closure_is_saved_with_its_author(admin_client, administrator, clinic):
    values = {
        "clinic": clinic.pk,
        "starts_on": "2027-01-04",
        "ends_on": "2027-01-05",
        "reason": "X",
    }
    admin_client.post(reverse("admin:clinic_closure_add"), values)
    assert Closure.objects.get().reason == "X"
    event = AuditEvent.objects.get(table_name="clinic_closure")
    assert event.actor_label == administrator.username


def test_a_closure_for_another_clinic_is_refused(admin_client, other_clinic):
    values = {
        "clinic": other_clinic.pk,
        "starts_on": "2027-01-04",
        "ends_on": "2027-01-05",
        "reason": "X",
    }
    response = admin_client.post(reverse("admin:clinic_closure_add"), values)
    assert "Select a valid choice" in response.content.decode()
    assert not Closure.objects.exists()


def test_nothing_is_deleted_in_bulk(admin_client, clinic):
    values = {
        "action": "delete_selected",
        "_selected_action": [clinic.rooms.get().pk],
        "post": "yes",
    }
    admin_client.post(reverse("admin:clinic_room_changelist"), values)
    assert clinic.rooms.count() == 1


def test_a_nurse_does_not_get_in(client, nurse):
    client.force_login(nurse)
    assert client.get(reverse("admin:index")).status_code == 302


def test_a_new_member_of_staff_is_added(admin_client, clinic):
    values = {
        "username": "newnurse",
        "usable_password": "true",
        "password1": "a-long-passphrase-7",
        "password2": "a-long-passphrase-7",
        "memberships-TOTAL_FORMS": 0,
        "memberships-INITIAL_FORMS": 0,
    }
    admin_client.post(reverse("admin:clinic_user_add"), values)
    assert User.objects.filter(username="newnurse").exists()


def test_someone_who_works_elsewhere_too_can_not_be_changed(admin_client, clinic, other_clinic):
    shared = make_staff(clinic, Role.NURSE)
    with acting(TESTS):
        Membership.objects.create(user=shared, clinic=other_clinic, role=Role.NURSE)
    url = reverse("admin:clinic_user_change", args=[shared.pk])
    admin_client.post(url, {"username": "taken over"})
    shared.refresh_from_db()
    assert shared.username != "taken over"


@pytest.fixture
def written(clinic):
    with acting(TESTS):
        return audit.record("vitals.recorded", subject=clinic.rooms.get(), said="sees double")


def event_page(client, event):
    return client.get(reverse("admin:clinic_auditevent_change", args=[event.pk])).content.decode()


def test_an_administrator_sees_of_an_event_only_that_it_happened(admin_client, written):
    page = event_page(admin_client, written)
    assert "vitals.recorded" in page
    assert "sees double" not in page
    assert "field-before" not in page


def test_an_auditor_who_may_read_charts_sees_what_was_written(client, auditor, written):
    auditor.is_staff = True
    with acting(TESTS):
        auditor.save()
    client.force_login(auditor)
    assert "sees double" in event_page(client, written)


def test_a_chart_reader_of_another_clinic_sees_no_values_of_this_one(
    admin_client, administrator, other_clinic, written
):
    with acting(TESTS):
        Membership.objects.create(user=administrator, clinic=other_clinic, role=Role.NURSE)
    assert "sees double" not in event_page(admin_client, written)


@pytest.mark.parametrize("query", ["event=%00", "q=%00", "clinic__id__exact=%00"])
def test_nul_in_a_filter_is_ignored(admin_client, query):
    url = reverse("admin:clinic_auditevent_changelist")
    assert admin_client.get(f"{url}?{query}", follow=True).status_code == 200


def test_a_closure_that_ends_before_it_starts_is_refused_at_the_field(admin_client, clinic):
    values = {
        "clinic": clinic.pk,
        "starts_on": "2027-01-05",
        "ends_on": "2027-01-04",
        "reason": "X",
    }
    page = admin_client.post(reverse("admin:clinic_closure_add"), values).content.decode()
    assert "before the first" in page
    assert not Closure.objects.exists()


def test_an_auditor_reads_the_trail_and_changes_nothing(client, clinic, auditor):
    with acting(TESTS):
        auditor.is_staff = True
        auditor.save()
    client.force_login(auditor)
    assert client.get(reverse("admin:clinic_auditevent_changelist")).status_code == 200
    assert client.get(reverse("admin:clinic_room_changelist")).status_code == 403


@pytest.mark.parametrize("typed", ["85-03-07", "03/07/85", "7.3.1985"])
def test_a_day_that_could_be_two_is_refused_with_how_to_type_it(admin_client, clinic, typed):
    url = reverse("admin:clinic_closure_add")
    page = admin_client.post(url, {"clinic": clinic.pk, "starts_on": typed, "ends_on": typed})
    assert "with the year in four digits, such as 1985-03-07." in page.content.decode()
    assert not Closure.objects.filter(clinic=clinic).exists()
