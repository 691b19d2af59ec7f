"""The tablet in the patient's hands: one page is open, the password leads on, nothing else does."""

from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from clinic import heartbeat
from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from clinic.tests.factories import TESTS
from clinic.tests.posting import PageClient
from patients.models import Consent, ConsentTemplate, Patient
from patients.tests.factories import make_patient

PASSWORD, ASKS = "a long good password", "/tablet/"
HTMX = {"HX-Request": "true", "X-Poll": "1"}


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return make_patient(clinic)


@pytest.fixture
def text(clinic: Clinic) -> ConsentTemplate:
    with acting(TESTS):
        return ConsentTemplate.objects.create(
            clinic=clinic,
            key="spray",
            kind="treatment",
            title="The spray",
            text="Stay here.",
            statements="I agree.",
            status="published",
        )


@pytest.fixture
def address(patient: Patient, text: ConsentTemplate) -> str:
    return reverse("patients:sign_consent", args=[patient.public_id, text.public_id])


@pytest.fixture
def tablet(client: Client, nurse: User, address: str) -> Client:
    """A browser in which the nurse has signed in and handed over the tablet."""
    nurse.set_password(PASSWORD)
    with acting(TESTS):
        nurse.save()
    client.force_login(nurse)
    client.post(f"{address}hand-over/")
    return client


def sign(tablet: Client, address: str) -> Any:
    values = {"tick_0": "on", "signer": "patient", "typed_name": "Ada", "entry_id": str(uuid4())}
    return tablet.post(address, values)


def events() -> list[tuple[str, str, dict[str, Any]]]:
    rows = AuditEvent.objects.filter(event__startswith="tablet.").order_by("pk")
    return [(row.event, row.actor_label, row.detail) for row in rows]


def test_the_patients_page_is_open(tablet: Client, address: str) -> None:
    assert "Stay here." in tablet.get(address).content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/worklist/",
        "/patients/new/",
        "/nowhere/",
        "/clinic/",
        "/admin/",
        "/admin/login/",
        "/accounts/login/",
        "/accounts/reauthenticate/",
        "/accounts/password/change/",
        "/accounts/password/reset/",
        "/accounts/2fa/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "put"])
def test_everything_else_asks_for_the_tablet(tablet: Client, path: str, method: str) -> None:
    answer = getattr(tablet, method)(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, ASKS)
    assert "no-store" in answer.headers["Cache-Control"]


def test_other_pages_of_the_same_patient_ask_for_it_too(
    tablet: Client, patient: Patient, address: str
) -> None:
    chart = reverse("desk:chart", args=[patient.public_id])
    choose = reverse("patients:choose_consent", args=[patient.public_id])
    longer, doubled = f"{address}x/", f"/{address}"
    for path in (chart, choose, longer, doubled, f"{address}hand-over/"):
        assert tablet.get(path).headers["Location"] == ASKS, path


def test_a_poll_and_a_fragment_leave_their_page(tablet: Client) -> None:
    for path in (reverse("desk:board_poll"), reverse("desk:patient_search")):
        answer = tablet.post(path, {"q": "a"}, headers=HTMX)
        assert answer.headers["HX-Redirect"] == ASKS
        assert answer.content == b""
        assert "no-store" in answer.headers["Cache-Control"]


def test_an_administrator_reaches_no_admin_either(
    client: Client, administrator: User, prescriber: User, address: str
) -> None:
    client.force_login(administrator)
    assert client.get("/admin/").status_code == 200
    with acting(TESTS):
        prescriber.is_staff = True
        prescriber.save()
    client.force_login(prescriber)
    assert client.get("/admin/").status_code == 200
    client.post(f"{address}hand-over/")
    assert client.get("/admin/").headers["Location"] == ASKS


def test_nothing_of_the_lock_is_kept_by_the_browser(tablet: Client, address: str) -> None:
    for path in (address, ASKS):
        assert "no-store" in tablet.get(path).headers["Cache-Control"]


def test_health_and_style_sheets_are_served_as_before(tablet: Client) -> None:
    heartbeat.beat(heartbeat.SWEEP)
    for path in ("/healthz", "/readyz", "/static/css/app.css"):
        assert tablet.get(path).status_code == 200


def test_the_page_opens_only_by_handing_the_tablet_over(
    client: Client, nurse: User, patient: Patient, address: str
) -> None:
    client.force_login(nurse)
    choose = reverse("patients:choose_consent", args=[patient.public_id])
    assert client.get(address).headers["Location"] == choose
    assert sign(client, address).headers["Location"] == choose
    assert not Consent.objects.exists()


def test_the_page_that_asks_names_who_goes_on_and_leads_nowhere_else(
    tablet: Client, nurse: User, address: str
) -> None:
    html = tablet.get(ASKS).content.decode()
    assert f"Password of {nurse}" in html
    assert f'href="{address}"' in html
    assert "app-header" not in html
    assert 'autocomplete="new-password"' in html


def test_signing_thanks_and_stays_locked(tablet: Client, address: str) -> None:
    thanks = sign(tablet, address)
    assert thanks.headers["Location"] == ASKS
    html = tablet.get(ASKS).content.decode()
    assert "Thank you" in html
    assert "Your consent is signed." in html
    assert address not in html
    for path in ("/", address, reverse("patients:consent_copy", args=[consent_id()])):
        assert tablet.get(path).headers["Location"] == ASKS


def consent_id() -> Any:
    return Consent.objects.get().public_id


def test_not_signing_thanks_and_stays_locked(tablet: Client, address: str) -> None:
    assert tablet.post(address, {"decline": ""}).headers["Location"] == ASKS
    assert "Nothing was signed." in tablet.get(ASKS).content.decode()
    assert tablet.get(address).headers["Location"] == ASKS
    assert not Consent.objects.exists()


@pytest.mark.parametrize("typed", ["", "wrong", PASSWORD.upper(), f"{PASSWORD} ", "a\x00b"])
def test_a_wrong_password_leads_nowhere(tablet: Client, typed: str) -> None:
    answer = tablet.post(ASKS, {"password": typed})
    assert answer.status_code == 200
    assert 'id="id_password_error"' in answer.content.decode()
    assert tablet.get("/").headers["Location"] == ASKS


def test_the_password_leads_back_to_where_staff_were(tablet: Client, patient: Patient) -> None:
    choose = reverse("patients:choose_consent", args=[patient.public_id])
    assert tablet.post(ASKS, {"password": PASSWORD}).headers["Location"] == choose
    assert tablet.get(choose).status_code == 200
    assert tablet.get("/").status_code == 200
    assert tablet.get(ASKS).headers["Location"] == "/"


def test_after_the_signature_the_password_leads_to_the_copy(tablet: Client, address: str) -> None:
    sign(tablet, address)
    copy = reverse("patients:consent_copy", args=[consent_id()])
    assert tablet.post(ASKS, {"password": PASSWORD}).headers["Location"] == copy
    assert tablet.get(copy).status_code == 200


def test_the_password_of_a_colleague_does_not_do(tablet: Client, prescriber: User) -> None:
    prescriber.set_password("another good password")
    with acting(TESTS):
        prescriber.save()
    values = {"password": "another good password", "username": "prescriber"}
    assert tablet.post(ASKS, values).status_code == 200
    assert tablet.get("/").headers["Location"] == ASKS


def test_failures_count_with_those_of_the_sign_in(tablet: Client, nurse: User) -> None:
    for _ in range(10):
        tablet.post(ASKS, {"password": "wrong"})
    assert "Too many" in tablet.post(ASKS, {"password": PASSWORD}).content.decode()
    assert tablet.get("/").headers["Location"] == ASKS
    values = {"login": nurse.username, "password": PASSWORD}
    assert "Too many" in Client().post(reverse("account_login"), values).content.decode()


def test_the_same_person_in_another_browser_is_not_locked(tablet: Client, nurse: User) -> None:
    other = PageClient()
    other.force_login(nurse)
    assert other.get("/").status_code == 200
    assert tablet.get("/").headers["Location"] == ASKS


def test_signing_out_ends_the_lock_and_opens_nothing(tablet: Client, nurse: User) -> None:
    tablet.post(reverse("account_logout"))
    assert tablet.get("/").headers["Location"].startswith("/accounts/login/")
    values = {"login": nurse.username, "password": PASSWORD}
    tablet.post(reverse("account_login"), values)
    assert tablet.get("/").status_code == 200


def test_idle_time_signs_out_of_the_lock(tablet: Client) -> None:
    tablet.get(ASKS)
    with travel(timezone.now() + settings.SIGNED_IN_IDLE * 1.1):
        assert tablet.get("/").headers["Location"].startswith("/accounts/login/")
    assert [event for event, _, _ in events()] == ["tablet.handed_over", "tablet.given_back"]


def test_begin_and_end_change_the_key_of_the_session(
    client: Client, nurse: User, address: str, tablet: Client
) -> None:
    """So that what is under way with the old key can't open the lock."""
    locked = client.cookies["sessionid"].value
    client.post(ASKS, {"password": PASSWORD})
    free = client.cookies["sessionid"].value
    client.post(f"{address}hand-over/")
    assert len({locked, free, client.cookies["sessionid"].value}) == 3
    late = PageClient()
    late.cookies["sessionid"] = free
    assert late.get("/").headers["Location"].startswith("/accounts/login/")


def test_begin_and_end_are_on_record(tablet: Client, address: str, patient: Patient) -> None:
    sign(tablet, address)
    tablet.post(ASKS, {"password": PASSWORD})
    said = "Your consent is signed."
    assert events() == [
        ("tablet.handed_over", "nurse", {"page": address}),
        ("tablet.given_back", "nurse", {"by": "password", "said": said}),
    ]
    rows = AuditEvent.objects.filter(event__startswith="tablet.")
    assert set(rows.values_list("patient_id", "clinic_id")) == {(patient.pk, patient.clinic_id)}


def test_signing_out_is_on_record_as_the_end(tablet: Client) -> None:
    tablet.post(reverse("account_logout"))
    assert events()[-1] == ("tablet.given_back", "nurse", {"by": "signed out", "said": ""})


def test_what_was_still_to_be_told_to_staff_is_not_shown(
    client: Client, nurse: User, patient: Patient, address: str
) -> None:
    client.force_login(nurse)
    values = {"given_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"), "kind": "treatment"}
    on_paper = reverse("patients:consent", args=[patient.public_id])
    client.post(on_paper, {**values, "entry_id": str(uuid4())})
    assert Consent.objects.exists()
    client.post(f"{address}hand-over/")
    assert "consent is recorded" not in client.get(address).content.decode()


def test_a_lock_costs_the_other_pages_no_statement(
    client: Client, nurse: User, django_assert_num_queries: Any
) -> None:
    client.force_login(nurse)
    client.get(ASKS)
    with django_assert_num_queries(2):  # the session, and who is signed in
        client.get(ASKS)
