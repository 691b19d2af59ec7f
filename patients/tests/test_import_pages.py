"""Importing in the browser: choose, look, confirm; a bad file changes nothing."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_staff
from patients import uploads
from patients.models import ImportDraft, Medication, Patient
from patients.services import drafts
from patients.tests import bundles
from patients.tests.bundles import bundle, encoded

IMPORT = reverse("patients:import")
MARY = encoded(bundle(bundles.patient(), bundles.medication_request(), bundles.weight(81)))


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    client.force_login(front_desk)
    return client


def upload(client: Client, *contents: bytes, names: tuple[str, ...] = ()) -> Any:
    names = names or tuple(f"file{n}.json" for n in range(len(contents)))
    files = [SimpleUploadedFile(n, c) for n, c in zip(names, contents, strict=True)]
    return client.post(IMPORT, {"bundles": files})


def confirm(client: Client, url: str, **changes: Any) -> Any:
    page = client.get(url)
    values = {"entry_id": page.context["form"]["entry_id"].value()}
    return client.post(url, {**values, "offered": page.context["offered"], **changes})


def test_a_file_is_looked_at_before_it_is_saved(desk: Client) -> None:
    preview = upload(desk, MARY)
    page = desk.get(preview.url)
    assert not Patient.objects.exists()
    for words in (b"New patient", b"81.00 kg", b"Import 1 patient", b"MedicationRequest"):
        assert words in page.content


def test_a_confirmed_import_opens_the_chart(desk: Client) -> None:
    response = confirm(desk, upload(desk, MARY).url)
    patient = Patient.objects.get()
    assert response.url == reverse("desk:chart", args=[patient.public_id])
    assert not ImportDraft.objects.exists()


def test_several_files_end_in_the_list(desk: Client) -> None:
    other = encoded(bundle(bundles.patient(id="p2", birthDate="1990-01-01")))
    response = confirm(desk, upload(desk, MARY, other).url)
    assert response.url == reverse("desk:patients")
    assert Patient.objects.count() == 2


def test_the_same_file_again_is_the_same_patient(desk: Client) -> None:
    for _ in range(2):
        confirm(desk, upload(desk, MARY).url)
    page = desk.get(upload(desk, MARY).url)
    assert b"Same as" in page.content
    assert (Patient.objects.count(), Medication.objects.count()) == (1, 1)


def test_the_preview_of_a_known_patient_is_a_read_of_the_chart(desk: Client) -> None:
    confirm(desk, upload(desk, MARY).url)
    desk.get(upload(desk, MARY).url)
    assert AuditEvent.objects.filter(event="import.read").count() == 1


def test_confirming_twice_imports_once_and_ends_at_the_same_place(desk: Client) -> None:
    url = upload(desk, MARY).url
    page = desk.get(url)
    values = {"entry_id": str(uuid4()), "offered": page.context["offered"]}
    urls = [desk.post(url, values).headers["Location"] for _ in range(2)]
    assert urls[0] == urls[1]
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"not json", "not valid JSON"),
        (b'{"resourceType": "Bund', "not valid JSON"),
        (b'{"resourceType": "Patient", "name": "\x00"}', "not valid JSON"),
        (b"<Bundle/>", "XML"),
        (b"PK\x03\x04zip", "compressed"),
        (b"\xff\xfe{\x00}\x00", "UTF-16"),
        (b"[]", "not a FHIR resource"),
        (b"[" * 100_000, "FHIR"),
        (encoded({"resourceType": "Observation"}), "Patient"),
        (encoded(bundle(bundles.condition())), "no Patient"),
        (encoded(bundle(bundles.patient(birthDate="1980"))), "full day"),
        (encoded(bundle(bundles.patient(animal={"species": {}}))), "STU3"),
    ],
)
def test_a_bad_file_is_refused_in_words(desk: Client, content: bytes, words: str) -> None:
    response = upload(desk, content)
    assert words in response.context["refused"][0].message
    assert not ImportDraft.objects.exists()


def test_a_huge_file_is_refused_without_a_temporary_file(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_file(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", no_file)
    response = upload(desk, b"{" + b" " * 12_000_000)
    assert "larger than 10 MB" in response.context["refused"][0].message


def test_files_that_are_too_large_together_are_cut_off(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_TOGETHER", len(MARY) + 10)
    response = upload(desk, MARY, MARY)
    assert "choose fewer" in str(response.context["form"].errors["bundles"])
    assert not ImportDraft.objects.exists()


def test_a_bad_file_beside_a_good_one_is_named(desk: Client) -> None:
    page = desk.get(upload(desk, MARY, b"{", names=("good.json", "<b>bad.json")).url)
    assert b"&lt;b&gt;bad.json" in page.content
    confirm(desk, upload(desk, MARY, b"{").url)
    assert Patient.objects.count() == 1


def test_no_file_at_all_is_said(desk: Client) -> None:
    response = desk.post(IMPORT, {})
    assert "Choose one or more FHIR files." in str(response.context["form"].errors)


def test_a_conflict_is_shown_and_offers_nothing(desk: Client) -> None:
    confirm(desk, upload(desk, MARY).url)
    stranger = bundles.patient(name=[{"family": "Kerr"}], birthDate="1950-02-02")
    url = upload(desk, encoded(bundle(stranger))).url
    page = desk.get(url)
    assert b"another name and birth date" in page.content
    assert b"Import 0" not in page.content
    response = confirm(desk, url, offered="0")
    assert "another name and birth date" in str(response.context["form"].errors)
    assert Patient.objects.get().family_name == "O'Hara42"


@pytest.mark.parametrize("offered", ["", "9", "x", "0;1", "１", "0," * 40])
def test_a_made_up_choice_of_files_saves_nothing_twice(desk: Client, offered: str) -> None:
    response = confirm(desk, upload(desk, MARY).url, offered=offered)
    assert response.status_code == 200
    assert not Patient.objects.exists()


def test_payloads_are_shown_as_text(desk: Client) -> None:
    name = [{"family": "<script>alert(1)</script>", "given": ["\u202eevil"]}]
    page = desk.get(upload(desk, encoded(bundle(bundles.patient(name=name)))).url)
    assert b"<script>alert" not in page.content
    assert "\u202e" not in page.content.decode()


def test_discarding_removes_the_files(desk: Client) -> None:
    url = upload(desk, MARY).url
    desk.post(f"{url}discard/")
    assert not ImportDraft.objects.exists()
    assert desk.get(url).headers["Location"] == IMPORT


def test_a_draft_lasts_an_hour(desk: Client, clinic: Clinic, front_desk: User) -> None:
    url = upload(desk, MARY).url
    page = desk.get(url)
    ImportDraft.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    values = {"entry_id": str(uuid4()), "offered": page.context["offered"]}
    assert desk.post(url, values).headers["Location"] == IMPORT
    assert not Patient.objects.exists()
    assert drafts.drop_expired(timezone.now()) == 1


def test_a_draft_belongs_to_who_uploaded_it(desk: Client, clinic: Clinic, outsider: User) -> None:
    url = upload(desk, MARY).url
    page = desk.get(url)
    values = {"entry_id": str(uuid4()), "offered": page.context["offered"]}
    colleague = make_staff(clinic, Role.FRONT_DESK, "frontdesk2")
    for user in (outsider, colleague):
        desk.force_login(user)
        assert desk.get(url).headers["Location"] == IMPORT
        assert desk.post(url, values).headers["Location"] == IMPORT
        assert desk.post(f"{url}discard/").status_code == 404
    assert not Patient.objects.exists()


@pytest.mark.parametrize("role", ["nurse", "administrator", "auditor"])
def test_other_roles_may_not_import(client: Client, request: Any, role: str) -> None:
    client.force_login(request.getfixturevalue(role))
    page = reverse("patients:import_confirm", args=[uuid4()])
    assert [client.get(url).status_code for url in (IMPORT, page)] == [403, 403]
    assert upload(client, MARY).status_code == 403


def test_only_who_may_import_keeps_or_discards_files(
    desk: Client, clinic: Clinic, nurse: User, front_desk: User
) -> None:
    with pytest.raises(PermissionDenied):
        drafts.keep([("mary.json", MARY)], clinic, by=nurse)
    draft, _ = drafts.keep([("mary.json", MARY)], clinic, by=front_desk)
    assert draft is not None
    with acting(TESTS):
        front_desk.memberships.update(role=Role.NURSE)
    with pytest.raises(PermissionDenied):
        drafts.discard(draft.public_id, by=User.objects.get(pk=front_desk.pk))
    assert ImportDraft.objects.exists()


def test_another_persons_files_are_not_discarded(
    clinic: Clinic, front_desk: User, prescriber: User
) -> None:
    draft, _ = drafts.keep([("mary.json", MARY)], clinic, by=front_desk)
    assert draft is not None
    with pytest.raises(ValidationError, match="is over"):
        drafts.discard(draft.public_id, by=prescriber)
    assert ImportDraft.objects.exists()


def test_a_prescriber_may_import(client: Client, prescriber: User) -> None:
    client.force_login(prescriber)
    assert client.get(IMPORT).status_code == 200


def test_an_upload_needs_the_pages_token(front_desk: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(front_desk)
    assert upload(client, MARY).status_code == 403


def test_the_uploaded_text_leaves_no_copy_in_the_audit_trail(desk: Client) -> None:
    upload(desk, MARY)
    for event in AuditEvent.objects.all():
        assert "O'Hara" not in f"{event.before}{event.after}{event.detail}"


def test_what_was_changed_here_is_shown_as_kept(desk: Client) -> None:
    phone = bundles.patient(telecom=[{"system": "phone", "value": "555 1"}])
    confirm(desk, upload(desk, encoded(bundle(phone))).url)
    with acting(TESTS):
        Patient.objects.update(phone="555 2222")
    newer = bundles.patient(telecom=[{"system": "phone", "value": "555 3"}])
    page = desk.get(upload(desk, encoded(bundle(newer))).url)
    assert b"stays as entered here" in page.content


def test_registering_offers_the_import(desk: Client) -> None:
    assert IMPORT.encode() in desk.get(reverse("patients:add")).content
