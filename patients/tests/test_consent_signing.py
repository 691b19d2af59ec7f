"""Consents that are signed on the tablet: the text, the ticks, the name, the drawing, the copy."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import ProgrammingError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.tests.factories import TESTS, make_clinic
from patients import drawn
from patients.markup import rendered
from patients.models import Consent, ConsentSignature, ConsentTemplate, Patient, Task
from patients.rules import months_later
from patients.services import consent as consents
from patients.services import consent_renewal, consent_signing, consent_templates
from patients.services.consent import Agreement
from patients.services.consent_signing import Signed
from patients.tests.factories import make_patient

STROKE = "M10 10" + "".join(f"L{10 + n} {20 + n}" for n in range(12))
BOTH = frozenset({0, 1})


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return make_patient(clinic)


def make_text(clinic: Clinic | None, **values: Any) -> ConsentTemplate:
    values = {
        "key": "spray",
        "kind": "treatment",
        "title": "Treatment with the spray",
        "text": "## How it goes\n\nYou **stay** here.\n- at least two hours\n- with us",
        "statements": "I was told.\nI agree.",
        "status": "published",
        **values,
    }
    with acting(TESTS):
        return ConsentTemplate.objects.create(clinic=clinic, **values)


@pytest.fixture
def text(clinic: Clinic) -> ConsentTemplate:
    return make_text(clinic, asks_drawing=True, valid_months=12)


def url_of(patient: Patient, text: ConsentTemplate) -> str:
    return reverse("patients:sign_consent", args=[patient.public_id, text.public_id])


def hand_over(client: Client, patient: Patient, text: ConsentTemplate) -> Any:
    address = reverse("patients:hand_over_consent", args=[patient.public_id, text.public_id])
    return client.post(address)


def sign(client: Client, patient: Patient, text: ConsentTemplate, **changes: Any) -> Any:
    hand_over(client, patient, text)
    values = {
        "entry_id": str(uuid4()),
        "tick_0": "on",
        "tick_1": "on",
        "signer": "patient",
        "typed_name": "Ada Example",
        **changes,
    }
    given = {name: value for name, value in values.items() if value}
    return client.post(url_of(patient, text), given)


def test_what_was_signed_is_kept_with_its_text_and_ticks(
    client: Client, nurse: User, patient: Patient, text: ConsentTemplate
) -> None:
    client.force_login(nurse)
    answer = sign(client, patient, text, drawing=STROKE)
    consent = Consent.objects.get()
    signature = consent.signature
    today = timezone.now().astimezone(patient.clinic.zone).date()
    assert answer.url == reverse("give_back")
    assert (consent.kind, consent.template, consent.recorded_by) == ("treatment", text, nurse)
    assert consent.stands_at(timezone.now())
    assert consent.expires_on == months_later(today, 12)
    assert signature.ticked == ["I was told.", "I agree."]
    assert (signature.typed_name, signature.witness) == ("Ada Example", nurse)
    assert (signature.drawing, signature.text_hash) == (STROKE, text.text_hash)


def test_a_typed_name_alone_signs(
    client: Client, nurse: User, patient: Patient, text: ConsentTemplate
) -> None:
    client.force_login(nurse)
    sign(client, patient, text)
    assert ConsentSignature.objects.get().drawing == ""


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tick_0": ""}, "tick_0"),
        ({"tick_1": ""}, "tick_1"),
        ({"typed_name": ""}, "typed_name"),
        ({"typed_name": "  "}, "typed_name"),
        ({"signer": ""}, "signer"),
        ({"signer": "other"}, "relationship"),
        ({"drawing": "M1 1"}, "drawing"),
        ({"drawing": '"/><script>alert(1)</script>'}, "drawing"),
    ],
)
def test_nothing_is_signed_while_something_is_missing(
    client: Client,
    nurse: User,
    patient: Patient,
    text: ConsentTemplate,
    changes: dict[str, str],
    field: str,
) -> None:
    client.force_login(nurse)
    page = sign(client, patient, text, **changes)
    assert list(page.context["form"].errors) == [field]
    assert "Nothing was signed" in page.content.decode()
    assert not Consent.objects.exists()


def test_the_service_asks_for_every_tick_itself(
    nurse: User, patient: Patient, text: ConsentTemplate
) -> None:
    signed = Signed(typed_name="Ada", ticked=frozenset({1}))
    with pytest.raises(ValidationError, match="tick_0"):
        consent_signing.sign(patient.pk, text.pk, signed, by=nurse)


def test_a_representative_says_as_what(
    client: Client, nurse: User, patient: Patient, text: ConsentTemplate
) -> None:
    client.force_login(nurse)
    sign(client, patient, text, signer="other", relationship="legal guardian")
    assert ConsentSignature.objects.get().relationship == "legal guardian"


def test_front_desk_has_mail_consents_signed_and_no_others(
    client: Client, front_desk: User, clinic: Clinic, patient: Patient, text: ConsentTemplate
) -> None:
    mail = make_text(clinic, key="mail", kind="email", title="Mail", statements="")
    client.force_login(front_desk)
    page = client.get(reverse("patients:choose_consent", args=[patient.public_id]))
    assert page.context["offered"] == [mail]
    assert hand_over(client, patient, text).status_code == 403
    assert client.get(url_of(patient, text)).status_code == 403
    sign(client, patient, mail)
    assert Consent.objects.get().kind == "email"


def test_a_text_of_another_clinic_is_not_found(
    client: Client, nurse: User, patient: Patient, other_clinic: Clinic
) -> None:
    client.force_login(nurse)
    theirs = make_text(other_clinic)
    assert hand_over(client, patient, theirs).status_code == 404
    assert client.get(url_of(patient, theirs)).status_code == 404


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_only_a_published_text_can_be_signed(
    client: Client, nurse: User, clinic: Clinic, patient: Patient, status: str
) -> None:
    client.force_login(nurse)
    page = sign(client, patient, make_text(clinic, status=status))
    assert "replaced meanwhile" in page.content.decode()
    assert not Consent.objects.exists()


def test_the_clinics_own_text_takes_the_place_of_the_shipped_one(
    clinic: Clinic, text: ConsentTemplate
) -> None:
    make_text(None)
    newer = make_text(clinic, version=2)
    make_text(clinic, version=3, status="draft")
    make_text(make_clinic(), version=9)
    assert list(ConsentTemplate.objects.offered_at(clinic)) == [newer]


def test_the_page_hands_over_nothing_of_the_clinic(
    client: Client, nurse: User, patient: Patient, text: ConsentTemplate
) -> None:
    client.force_login(nurse)
    assert hand_over(client, patient, text).url == url_of(patient, text)
    html = client.get(url_of(patient, text)).content.decode()
    assert "<h2>How it goes</h2>" in html
    assert "app-header" not in html
    assert 'href="/worklist/"' not in html


def test_the_copy_shows_text_ticks_signature_and_withdrawal(
    client: Client, nurse: User, auditor: User, patient: Patient, text: ConsentTemplate
) -> None:
    client.force_login(nurse)
    sign(client, patient, text, drawing=STROKE)
    consent = Consent.objects.get()
    consents.withdraw(consent.pk, by=nurse, withdrawn_at=timezone.now(), note="Changed my mind")
    client.force_login(auditor)
    where = reverse("patients:consent_copy", args=[consent.public_id])
    html = client.get(where).content.decode()
    for words in (
        "Treatment with the spray",
        "<strong>stay</strong>",
        "I was told.",
        STROKE,
        "Ada Example",
        text.text_hash,
        "Changed my mind",
        f"{timezone.now().astimezone(patient.clinic.zone):%Y}, ",
    ):
        assert words in html, words


def test_a_signature_never_changes(nurse: User, patient: Patient, text: ConsentTemplate) -> None:
    signed = Signed(typed_name="Ada", ticked=BOTH)
    signature = consent_signing.sign(patient.pk, text.pk, signed, by=nurse).signature
    signature.typed_name = "Somebody"
    with pytest.raises(ProgrammingError), acting(TESTS):
        signature.save()


@pytest.mark.parametrize("field", ["text", "statements", "title", "earlier_end_on"])
def test_a_published_text_never_changes(text: ConsentTemplate, field: str) -> None:
    setattr(text, field, date(2030, 1, 1) if field == "earlier_end_on" else "Other")
    with pytest.raises(ProgrammingError, match="never changes"), acting(TESTS):
        text.save()


def test_other_consents_stand_side_by_side_and_each_once(
    nurse: User, clinic: Clinic, patient: Patient
) -> None:
    photos = make_text(clinic, key="photos", kind="other")
    study = make_text(clinic, key="study", kind="other")
    signed = Signed(typed_name="Ada", ticked=BOTH)
    for text in (photos, study, photos):
        consent_signing.sign(patient.pk, text.pk, signed, by=nurse)
    standing = Consent.objects.standing().order_by("key").values_list("key", flat=True)
    assert list(standing) == ["photos", "study"]
    assert Consent.objects.count() == 3


def test_another_consent_on_paper_names_its_text(
    client: Client, nurse: User, clinic: Clinic, patient: Patient
) -> None:
    photos = make_text(clinic, key="photos", kind="other", title="Photographs")
    client.force_login(nurse)
    url = reverse("patients:consent", args=[patient.public_id])
    choices = dict(client.get(url).context["form"].fields["kind"].choices)
    assert "other" not in choices
    chosen = next(value for value, words in choices.items() if words == "Photographs")
    at = timezone.localtime(timezone.now(), clinic.zone).strftime("%Y-%m-%dT%H:%M")
    values = {"entry_id": str(uuid4()), "kind": chosen, "given_at": at, "note": "Binder 3"}
    client.post(url, values)
    consent = Consent.objects.get()
    assert (consent.kind, consent.template, consent.key) == ("other", photos, "photos")


def give(patient: Patient, by: User, **values: Any) -> Consent:
    given_at = timezone.now() - timedelta(days=40)
    return consents.give(
        patient.pk, Agreement(**{"kind": "treatment", "given_at": given_at, **values}), by=by
    )


def publish_again(clinic: Clinic, by: User, day: date | None) -> ConsentTemplate:
    """Publish a new version; with a day it says that everybody has to sign again by then."""
    draft = make_text(clinic, version=2, status="draft", earlier_end_on=day)
    return consent_templates.publish(draft.pk, by=by)


def test_earlier_consents_end_on_the_day_by_which_all_sign_again(
    clinic: Clinic,
    patient: Patient,
    nurse: User,
    administrator: User,
    text: ConsentTemplate,
) -> None:
    signed = Signed(typed_name="Ada", ticked=BOTH)
    old = consent_signing.sign(patient.pk, text.pk, signed, by=nurse)
    paper = give(make_patient(clinic), nurse)
    day = timezone.now().date() + timedelta(days=30)
    publish_again(clinic, administrator, day)
    for row in (old, paper):
        row.refresh_from_db()
        assert row.expires_on == day
        assert row.stands_at(timezone.now())
        assert not row.stands_at(timezone.now() + timedelta(days=32))


def test_a_consent_that_ends_sooner_or_is_of_another_text_stays_as_it_is(
    clinic: Clinic, patient: Patient, nurse: User, administrator: User
) -> None:
    soon = timezone.now().date() + timedelta(days=3)
    sooner = give(patient, nurse, expires_on=soon)
    mail = give(patient, nurse, kind="email")
    drip = give(make_patient(clinic), nurse, template=make_text(clinic, key="drip"))
    publish_again(clinic, administrator, timezone.now().date() + timedelta(days=30))
    for row, expected in ((sooner, soon), (mail, None), (drip, None)):
        row.refresh_from_db()
        assert row.expires_on == expected


def test_a_new_version_without_a_day_ends_nothing(
    clinic: Clinic, patient: Patient, nurse: User, administrator: User
) -> None:
    row = give(patient, nurse)
    publish_again(clinic, administrator, None)
    row.refresh_from_db()
    assert row.expires_on is None


def test_a_day_to_sign_again_that_has_passed_is_refused(
    clinic: Clinic, administrator: User
) -> None:
    with pytest.raises(ValidationError, match="has passed"):
        publish_again(clinic, administrator, date(2020, 1, 1))


def test_a_nurse_publishes_no_new_version(clinic: Clinic, nurse: User) -> None:
    with pytest.raises(PermissionDenied):
        publish_again(clinic, nurse, None)


def ask_to_renew(patient: Patient) -> list[Task]:
    with acting(TESTS):
        consent_renewal.ask(patient.clinic, [patient.pk], timezone.now())
    return list(Task.objects.open().filter(kind="consent"))


@pytest.mark.parametrize(("days", "asked"), [(-2, 1), (0, 1), (14, 1), (16, 0)])
def test_who_runs_out_soon_is_asked_once(
    patient: Patient, nurse: User, days: int, asked: int
) -> None:
    row = give(patient, nurse)
    row.expires_on = timezone.now().date() + timedelta(days=days)
    with acting(TESTS):
        row.save()
    assert len(ask_to_renew(patient)) == asked
    assert len(ask_to_renew(patient)) == asked


def test_a_new_consent_closes_the_task_to_renew(patient: Patient, nurse: User) -> None:
    give(patient, nurse, expires_on=timezone.now().date() + timedelta(days=3))
    assert "renew it" in ask_to_renew(patient)[0].text
    consents.give(patient.pk, Agreement(kind="treatment", given_at=timezone.now()), by=nurse)
    assert ask_to_renew(patient) == []


def test_shipped_texts_are_loaded_once(db: None) -> None:
    assert consent_templates.load_shipped()
    assert consent_templates.load_shipped() == []
    rows = ConsentTemplate.objects.all()
    assert {row.status for row in rows} == {"published"}
    assert all("lawyer" in row.text for row in rows)
    assert {row.kind for row in rows} == {"treatment", "email"}


def test_a_copy_of_a_shipped_text_is_the_next_version(clinic: Clinic, administrator: User) -> None:
    ships = make_text(None)
    draft = consent_templates.new_draft(ships, by=administrator, clinic_id=clinic.pk)
    assert (draft.version, draft.status, draft.text) == (2, "draft", ships.text)


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("One\ntwo", "<p>One<br>two</p>"),
        ("## Head\nText", "<h2>Head</h2>\n<p>Text</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("Text\n- a", "<p>Text</p>\n<ul><li>a</li></ul>"),
        ("a **b** c", "<p>a <strong>b</strong> c</p>"),
        ("a ** b", "<p>a ** b</p>"),
        ("<script>", "<p>&lt;script&gt;</p>"),
        ("**<b>**", "<p><strong>&lt;b&gt;</strong></p>"),
        ("", ""),
    ],
)
def test_the_little_markdown(typed: str, html: str) -> None:
    assert rendered(typed) == html


@given(st.text())
def test_no_tag_of_the_author_survives(typed: str) -> None:
    ours = {"p", "h2", "ul", "li", "strong", "br"}
    html = str(rendered(typed))
    for name in ours:
        html = html.replace(f"<{name}>", "").replace(f"</{name}>", "")
    assert "<" not in html


@pytest.mark.parametrize(
    "path",
    [
        "M1 1",
        "L1 1",
        STROKE + "Z",
        STROKE.replace("L", "l"),
        STROKE.replace("20", "٢٠"),
        STROKE + "L601 10",
        STROKE + "L10 201",
        STROKE + '"',
        STROKE * 2000,
        "M5 5" + "L5 5" * 30,
    ],
)
def test_a_drawing_that_is_no_signature_is_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        drawn.clean(path)


def test_a_drawing_is_kept_as_it_was_drawn() -> None:
    assert drawn.clean(f" {STROKE}{STROKE} ") == STROKE * 2
    assert drawn.clean("") == ""
