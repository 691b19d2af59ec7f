"""The admin of protocols, courses and sessions: own clinics, services only, nothing deleted."""

import html
from datetime import timedelta

import pytest
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from clinic.audit import acting
from clinic.models import AuditEvent
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_staff
from patients.models import Task
from patients.tests.factories import make_patient
from sessions.models import MonitoringTemplate, Protocol, TreatmentSession
from sessions.services import publishing
from sessions.tests.factories import make_course, make_session, shipped

LIST = "admin:treatment_sessions_{}_changelist"
CHANGE = "admin:treatment_sessions_{}_change"


@pytest.fixture
def office(client, administrator):
    client.force_login(administrator)
    return client


@pytest.fixture
def elsewhere(client, other_clinic):
    user = make_staff(other_clinic, Role.ADMINISTRATOR, "elsewhere")
    client.force_login(user)
    return client


@pytest.fixture
def draft(clinic, administrator):
    return publishing.new_draft(shipped(), by=administrator, clinic_id=clinic.pk)


def act(office, action, *rows):
    model = rows[0]._meta.model_name
    fields = {"action": action, "_selected_action": [row.pk for row in rows]}
    return office.post(reverse(LIST.format(model)), fields, follow=True)


def form_of(page):
    """Return what a browser would post from an admin change page without touching it."""
    form = page.context["adminform"].form
    forms = [form, *(f for s in page.context["inline_admin_formsets"] for f in s.formset.forms)]
    forms += [s.formset.management_form for s in page.context["inline_admin_formsets"]]
    values = {b.html_name: b.value() for each in forms for b in each}
    return {k: _text(v) for k, v in values.items() if v is not None and v is not False}


def _text(value):
    return ",".join(map(str, value)) if isinstance(value, list) else value


def test_a_shipped_protocol_is_shown_and_can_not_be_edited(office):
    page = office.get(reverse(CHANGE.format("protocol"), args=[shipped().pk]))
    assert page.status_code == 200
    assert 'name="title"' not in page.content.decode()
    assert 'name="phases-0-name"' not in page.content.decode()


def test_a_new_draft_version_is_a_copy_that_is_open(office, clinic):
    page = act(office, "new_draft", shipped())
    copy = Protocol.objects.get(clinic=clinic)
    assert (copy.status, copy.phases.count()) == ("draft", shipped().phases.count())
    assert 'name="phases-0-name"' in page.content.decode()


def test_a_new_draft_says_which_clinic_it_is_for(office):
    shipped()
    assert (
        "New draft version for North"
        in office.get(reverse(LIST.format("protocol"))).content.decode()
    )
    assert (
        "1 draft is ready to edit, for North only"
        in act(office, "new_draft", shipped()).content.decode()
    )


def test_a_draft_is_edited_by_its_author(office, draft):
    url = reverse(CHANGE.format("protocol"), args=[draft.pk])
    values = form_of(office.get(url)) | {"title": "Our own", "phases-0-count": "9"}
    assert office.post(url, values).status_code == 302
    draft.refresh_from_db()
    assert (draft.title, draft.phases.first().count) == ("Our own", 9)
    updates = AuditEvent.objects.filter(table_name=Protocol._meta.db_table, event="row.update")
    assert updates.values_list("actor_label", flat=True)[0] == "admin"


def test_doses_are_edited_on_the_page_of_their_phase(office, draft):
    url = reverse(CHANGE.format("protocolphase"), args=[draft.phases.first().pk])
    values = form_of(office.get(url)) | {"doses-0-caution": "Mind the step"}
    assert office.post(url, values).status_code == 302
    assert draft.phases.first().doses.filter(caution="Mind the step").exists()


def test_a_published_version_is_read_only_in_every_field(office, draft):
    act(office, "publish", draft)
    for model, pk in [
        ("protocol", draft.pk),
        ("protocolphase", draft.phases.first().pk),
        ("monitoringtemplate", draft.monitoring.pk),
    ]:
        url = reverse(CHANGE.format(model), args=[pk])
        page = office.get(url).content.decode()
        assert "<textarea" not in page
        assert 'type="text"' not in page
        assert office.post(url, {"title": "Changed", "name": "Changed"}).status_code == 403
    draft.refresh_from_db()
    assert draft.title != "Changed"


def test_a_source_is_typed_beside_its_number_and_goes_into_the_next_version(
    office, draft, administrator
):
    url = reverse(CHANGE.format("monitoringtemplate"), args=[draft.monitoring.pk])
    page = office.get(url)
    values = form_of(page)
    assert values["source_alert_systolic"] == draft.monitoring.sources["alert_systolic"]
    assert "Critical systolic pressure, from, mmHg" in page.content.decode()
    typed = {"alert_systolic": "170", "source_alert_systolic": "Our cardiologist, May 2026"}
    assert office.post(url, values | typed).status_code == 302
    before, after = draft.monitoring.sources, MonitoringTemplate.objects.get(protocol=draft)
    assert after.alert_systolic == 170
    assert after.sources == before | {"alert_systolic": "Our cardiologist, May 2026"}
    act(office, "publish", draft)
    next_one = publishing.new_draft(draft, by=administrator, clinic_id=draft.clinic_id)
    assert next_one.monitoring.sources == after.sources


@pytest.mark.parametrize("model", ["protocol", "protocolphase", "monitoringtemplate"])
def test_nobody_edits_sources_as_code(office, draft, model):
    rows = {
        "protocol": draft,
        "protocolphase": draft.phases.first(),
        "monitoringtemplate": draft.monitoring,
    }
    page = office.get(reverse(CHANGE.format(model), args=[rows[model].pk])).content.decode()
    assert 'name="sources"' not in page
    assert "&quot;alert_systolic&quot;" not in page


def test_a_published_version_names_its_sources(office):
    template = shipped().monitoring
    url = reverse(CHANGE.format("monitoringtemplate"), args=[template.pk])
    page = office.get(url).content.decode()
    assert template.sources["alert_systolic"] in page


def test_a_draft_that_can_not_be_planned_is_not_published(office, draft):
    with acting(TESTS):
        draft.phases.first().doses.all().delete()
    assert "offers no dose" in act(office, "publish", draft).content.decode()
    draft.refresh_from_db()
    assert draft.status == "draft"


@pytest.fixture
def short(draft):
    """A draft whose visit ends before the observation does: 2 devices, then 2 hours."""
    with acting(TESTS):
        Protocol.objects.filter(pk=draft.pk).update(visit_minutes=90)
    return draft


def test_a_visit_without_room_for_its_observation_is_not_published(office, short):
    page = act(office, "publish", short).content.decode()
    assert "A visit of 90 minutes is too short" in page
    assert "the chair is needed for 130 minutes at least" in page
    short.refresh_from_db()
    assert short.status == "draft"


def test_a_draft_says_at_its_field_why_it_can_not_be_published(office, short):
    page = office.get(reverse(CHANGE.format("protocol"), args=[short.pk]))
    form = page.context["adminform"].form
    assert "needed for 130 minutes" in str(form["visit_minutes"].errors)


def test_a_draft_is_saved_and_published_on_its_own_page(office, short):
    url = reverse(CHANGE.format("protocol"), args=[short.pk])
    values = form_of(office.get(url)) | {"_publish": "yes"}
    for minutes, status in (("129", "draft"), ("130", "published")):
        office.post(url, values | {"visit_minutes": minutes})
        short.refresh_from_db()
        assert (short.visit_minutes, short.status) == (int(minutes), status)


@pytest.fixture
def loosened(draft):
    """A draft that lets patients go at once, at any saturation, without its last check."""
    with acting(TESTS):
        draft.monitoring.checks.last().delete()
        MonitoringTemplate.objects.filter(protocol=draft).update(
            min_minutes_after_last_dose=0, spo2_min=50, escort_required=False
        )
    return draft


def test_a_draft_names_each_number_that_differs_from_what_ships(office, loosened):
    last = list(shipped().monitoring.checks.all())[-1].label
    page = office.get(reverse(CHANGE.format("protocol"), args=[loosened.pk]))
    assert page.context["differences"] == (
        "Differs from what ships: "
        "Observation after the last device or the infusion's end, min: 0 (ships 120); "
        "SpO₂ on room air to leave, %: 50 (ships 94); "
        f"Somebody has to take the patient home: no (ships yes); no check “{last}”."
    )
    assert (
        html.unescape(page.content.decode()).count(page.context["differences"]) == 2
    )  # said, and to tick


def test_what_differs_is_published_only_as_it_was_confirmed(office, loosened):
    url = reverse(CHANGE.format("protocol"), args=[loosened.pk])
    page = office.get(url)
    values = form_of(page) | {"_publish": "yes"}
    read = {"_accepted": page.context["differences"]}
    for more, status in (({}, "draft"), (read, "published")):
        office.post(url, values | more)
        loosened.refresh_from_db()
        assert loosened.status == status


def test_a_number_changed_along_with_the_confirmation_is_asked_again(office, loosened):
    url = reverse(CHANGE.format("protocol"), args=[loosened.pk])
    page = office.get(url)
    values = form_of(page) | {"_publish": "yes", "_accepted": page.context["differences"]}
    page = office.post(url, values | {"monitoring-0-moaas_ready": "0"}, follow=True)
    assert "is not published. Differs from what ships" in page.content.decode()
    loosened.refresh_from_db()
    assert loosened.status == "draft"


def test_what_differs_is_not_published_from_the_list(office, loosened):
    page = act(office, "publish", loosened)
    assert page.request["PATH_INFO"] == reverse(CHANGE.format("protocol"), args=[loosened.pk])
    loosened.refresh_from_db()
    assert loosened.status == "draft"


def test_a_draft_as_shipped_needs_no_confirmation(office, draft):
    page = office.get(reverse(CHANGE.format("protocol"), args=[draft.pk])).content.decode()
    assert "Differs" not in page


def test_a_retired_version_is_offered_no_more(office, draft, clinic):
    act(office, "publish", draft)
    act(office, "retire", draft)
    assert draft not in Protocol.objects.offered_at(clinic)


def test_a_shipped_protocol_can_not_be_retired(office):
    assert "stays as it is" in act(office, "retire", shipped()).content.decode()
    assert shipped().status == "published"


@pytest.mark.parametrize("action", ["new_draft", "publish", "retire", "delete_selected"])
def test_another_clinics_protocol_is_out_of_reach(elsewhere, draft, action):
    act(elsewhere, action, draft)
    draft.refresh_from_db()
    assert (draft.status, Protocol.objects.filter(key=draft.key).count()) == ("draft", 2)
    url = reverse(CHANGE.format("protocol"), args=[draft.pk])
    assert elsewhere.get(url).status_code == 302  # to the index: "doesn't exist"
    simulate = reverse("admin:treatment_sessions_protocol_simulate", args=[draft.pk])
    assert elsewhere.get(simulate).status_code == 404


def test_the_simulator_shows_every_date_and_dose(office, draft):
    url = reverse("admin:treatment_sessions_protocol_simulate", args=[draft.pk])
    assert url in office.get(reverse(CHANGE.format("protocol"), args=[draft.pk])).content.decode()
    query = {"starts_on": "2026-11-23", "closed_weekdays": ["5", "6"], "closed": "2026-11-26"}
    page = office.get(url, query).content.decode()
    assert "Fri 27 Nov 2026" in page
    assert "56 mg (2 devices)" in page


@pytest.mark.parametrize(
    "query",
    [
        {"starts_on": "2026-11-22", "closed_weekdays": ["6"]},
        {"starts_on": "2026-11-23", "age": "12"},
        {"starts_on": "2026-11-23", "weight_kg": "1e2"},
        {"starts_on": "2026-11-23", "weeks": "99999"},
        {"starts_on": "2026-11-23", "closed": "1..2"},
        {"starts_on": "9999-12-31"},
    ],
)
def test_the_simulator_answers_bad_input_in_words(office, query):
    url = reverse("admin:treatment_sessions_protocol_simulate", args=[shipped().pk])
    answer = office.get(url, query)
    assert answer.status_code == 200
    assert answer.context["form"].errors


@pytest.fixture
def tomorrow(clinic, nurse):
    """Two planned sessions of tomorrow."""
    now = timezone.now().astimezone(clinic.zone)
    at = (now + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    courses = [make_course(make_patient(clinic), nurse) for _ in range(2)]
    chairs = clinic.rooms.get().chairs.all()
    pairs = zip(courses, chairs, strict=True)
    return [make_session(course, starts_at=at, chair=chair) for course, chair in pairs]


def test_sessions_are_cancelled_with_a_reason_and_through_the_lifecycle(office, tomorrow):
    page = act(office, "cancel", *tomorrow)
    assert page.templates[0].name.endswith("cancel.html")
    fields = {
        "action": "cancel",
        "confirm": "yes",
        "_selected_action": [row.pk for row in tomorrow],
        "entry_id": str(page.context["form"]["entry_id"].value()),
    }
    url = reverse(LIST.format("treatmentsession"))
    assert "This field is required" in office.post(url, fields).content.decode()
    office.post(url, fields | {"reason": "Ice on the roads"})
    for row in tomorrow:
        row.refresh_from_db()
        assert (row.status, row.ending_reason) == ("cancelled", "Ice on the roads")
        assert row.status_changes.get().by.username == "admin"


def test_of_sessions_that_have_begun_none_is_cancelled(office, tomorrow):
    with acting(TESTS):
        TreatmentSession.objects.filter(pk=tomorrow[0].pk).update(status="dosing")
    fields = {
        "action": "cancel",
        "confirm": "yes",
        "_selected_action": [row.pk for row in tomorrow],
        "entry_id": "0b0e7bd0-61a7-4d0c-8d43-0d5a7a3f5f8e",
        "reason": "Ice",
    }
    page = office.post(reverse(LIST.format("treatmentsession")), fields).content.decode()
    assert "not every session is still planned" in page
    assert not TreatmentSession.objects.filter(status="cancelled").exists()


CANCEL_DAY = reverse_lazy("admin:treatment_sessions_treatmentsession_cancel_day")


def that_day(tomorrow):
    clinic = tomorrow[0].clinic
    day = tomorrow[0].starts_at.astimezone(clinic.zone).date()
    return {"clinic": str(clinic.public_id), "day": day.isoformat()}


def preview(office, tomorrow):
    """Look at the day; return the page and what a browser would post from it."""
    page = office.get(CANCEL_DAY, that_day(tomorrow))
    shown = [str(row.public_id) for row in page.context["planned"]]
    key = str(page.context["form"]["entry_id"].value())
    return page, {**that_day(tomorrow), "shown": shown, "reason": "Power cut", "entry_id": key}


def test_a_day_is_looked_at_before_it_is_cancelled(office, tomorrow):
    page, _ = preview(office, tomorrow)
    for row in tomorrow:
        for words in (row.patient.record_number, row.patient.list_name, str(row.chair)):
            assert words in page.content.decode()
    assert not TreatmentSession.objects.exclude(status="planned").exists()


def test_a_day_is_cancelled_with_a_reason_and_a_task_for_each_session(office, tomorrow):
    _, values = preview(office, tomorrow)
    refused = office.post(CANCEL_DAY, values | {"reason": " "})
    assert "This field is required" in refused.content.decode()
    page = office.post(CANCEL_DAY, values, follow=True)
    assert [row.ending_reason for row in page.context["cancelled"]] == ["Power cut"] * 2
    tasks = Task.objects.open().filter(role="front_desk", kind=Task.Kind.CALL)
    sources = set(tasks.values_list("patient", "source_id"))
    assert sources == {(row.patient_id, row.course.public_id) for row in tomorrow}


def test_what_was_not_cancelled_is_named_with_its_reason(office, tomorrow, clinic, nurse):
    arrives, goes = tomorrow
    _, values = preview(office, tomorrow)
    with acting(TESTS):
        TreatmentSession.objects.filter(pk=arrives.pk).update(status="checked_in")
    at = goes.starts_at + timedelta(hours=4)
    late = make_session(make_course(make_patient(clinic), nurse), starts_at=at)
    page = office.post(CANCEL_DAY, values, follow=True)
    assert page.context["cancelled"] == [goes]
    stays = {other["session"]: other["why"] for other in page.context["others"]}
    assert stays.keys() == {arrives, late}
    assert "The patient is here" in stays[arrives]
    assert "after you looked" in stays[late]


def test_the_same_day_posted_again_leads_to_the_same_page(office, tomorrow):
    _, values = preview(office, tomorrow)
    assert office.post(CANCEL_DAY, values).url == office.post(CANCEL_DAY, values).url
    assert Task.objects.open().count() == 2


def test_a_day_of_another_clinic_is_no_choice(office, tomorrow, other_clinic):
    _, values = preview(office, tomorrow)
    page = office.post(CANCEL_DAY, values | {"clinic": str(other_clinic.public_id)})
    assert "Select a valid choice" in page.content.decode()
    assert not TreatmentSession.objects.filter(status="cancelled").exists()


def test_a_nurse_without_the_admin_cancels_no_day(client, nurse, tomorrow):
    client.force_login(nurse)
    assert client.get(CANCEL_DAY, that_day(tomorrow)).status_code == 302


@pytest.mark.parametrize("model", ["treatmentcourse", "treatmentsession"])
def test_lists_and_filters_show_own_clinics_only(elsewhere, tomorrow, clinic, model):
    page = elsewhere.get(reverse(LIST.format(model))).content.decode()
    assert tomorrow[0].patient.record_number not in page
    assert clinic.name not in page
    row = tomorrow[0] if model == "treatmentsession" else tomorrow[0].course
    for view in ("change", "history", "delete"):
        url = reverse(f"admin:treatment_sessions_{model}_{view}", args=[row.pk])
        assert tomorrow[0].patient.record_number not in elsewhere.get(url).content.decode()


@pytest.mark.parametrize("model", ["treatmentcourse", "treatmentsession", "protocol"])
def test_nothing_is_deleted_even_if_the_action_is_posted(office, tomorrow, model):
    row = {
        "treatmentsession": tomorrow[0],
        "treatmentcourse": tomorrow[0].course,
        "protocol": tomorrow[0].course.protocol,
    }[model]
    act(office, "delete_selected", row)
    office.post(reverse(f"admin:treatment_sessions_{model}_delete", args=[row.pk]), {"post": "yes"})
    assert type(row).objects.filter(pk=row.pk).exists()


def test_a_session_is_read_only_and_looking_at_it_is_recorded(office, tomorrow):
    url = reverse(CHANGE.format("treatmentsession"), args=[tomorrow[0].pk])
    assert office.get(url).status_code == 200
    assert AuditEvent.objects.filter(event="admin.treatmentsession.read").exists()
    assert office.post(url, {"status": "discharged"}).status_code == 403
    tomorrow[0].refresh_from_db()
    assert tomorrow[0].status == "planned"


@pytest.mark.parametrize("query", ["?o=1;drop", "?status__regex=.", "?patient__clinic=1", "?q=%"])
def test_odd_queries_do_no_harm(office, tomorrow, query):
    answer = office.get(reverse(LIST.format("treatmentsession")) + query)
    assert answer.status_code in {200, 302, 400}


def test_clinical_staff_have_no_admin(client, nurse):
    client.force_login(nurse)
    assert client.get(reverse(LIST.format("protocol"))).status_code == 302
