"""What a link in a mail is good for, and that nothing else passes for one."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.core.signing import Signer
from hypothesis import given
from hypothesis import strategies as st

from clinic.models import Clinic, User
from patients.models import EmailContact, Patient
from reminders import links
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message
from reminders.tests.factories import NOON, hold_mail, make_sent, make_visit, save
from sessions.lifecycle import Status


@pytest.fixture
def message(patient: Patient, prescriber: User) -> Message:
    return make_sent(make_visit(patient, prescriber, NOON + timedelta(days=2)))


def standing(message: Message, purpose: Purpose = Purpose.VISIT, now: datetime = NOON) -> bool:
    found = links.read(links.token(message, purpose))
    assert found is not None
    return links.stands(*found, now)


def outdated(message: Message) -> set[Purpose]:
    fresh = links.of(message.public_id)
    assert fresh is not None
    return {each for each in Purpose if links.is_outdated(fresh, each, NOON)}


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_says_its_message_and_purpose(message: Message, purpose: Purpose) -> None:
    assert links.read(links.token(message, purpose)) == (message, purpose)


def test_the_address_is_absolute_and_tells_nothing(message: Message, settings) -> None:
    settings.SITE_URL = "https://clinic.example/"
    url = links.url(message, Purpose.CANCEL)
    assert url.startswith("https://clinic.example/p/x")
    assert url.endswith("/")
    assert str(message.public_id) not in url
    assert len(url) < 110


@given(data=st.data())
def test_a_token_with_any_change_is_none(data: st.DataObject) -> None:
    """A-083: one character changed, cut, put in, or its halves exchanged."""
    text = links.token(Message(public_id=data.draw(st.uuids())), Purpose.VISIT)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(exclude_characters=text[at]))
    changed = data.draw(
        st.sampled_from(
            [
                text[:at] + other + text[at + 1 :],
                text[:at] + text[at + 1 :],
                text[:at],
                text[:at] + other + text[at:],
                text + other,
                text[at:] + text[:at] if at else text[::-1],
                text.swapcase(),
                f"{text}=",
            ]
        )
    )
    assert links.read(changed) is None  # without a look at the database


@given(text=st.text(max_size=200))
def test_no_text_passes_for_a_token(text: str) -> None:
    """A-083, A-089."""
    assert links.read(text) is None


def test_a_token_of_another_salt_or_of_an_unknown_message_is_none(message: Message) -> None:
    """A-083, A-084."""
    signed = links.token(message, Purpose.VISIT).rpartition(".")[0]
    assert links.read(Signer(sep=".").sign(signed)) is None
    assert links.read(Signer(salt="links", sep=".").sign(signed)) is None
    assert links.read(links.token(Message(public_id=uuid.uuid4()), Purpose.VISIT)) is None
    assert links.read(Signer(salt="reminders.links", sep=".").sign("v" + "!" * 22)) is None
    assert links.read(Signer(salt="reminders.links", sep=".").sign("vAAAA")) is None


@pytest.mark.parametrize(
    ("kind", "status", "purposes"),
    [
        ("reminder", Status.PLANNED, "vrxpkmu"),
        ("preparation", Status.PLANNED, "vrxpkmu"),
        ("late_booking", Status.PLANNED, "vrxpkmu"),
        ("changed", Status.PLANNED, "vrxpkm"),
        ("missed", Status.NO_SHOW, "bmu"),
        ("follow_up", Status.DISCHARGED, "cmu"),
        ("called_off", Status.CANCELLED, "m"),
        ("instructions", Status.DISCHARGED, "mu"),
        ("on_call", Status.PLANNED, ""),
    ],
)
def test_a_mail_offers_what_belongs_to_its_kind(
    patient: Patient, prescriber: User, kind: str, status: str, purposes: str
) -> None:
    """A-084: a link of another purpose works for none of its messages."""
    session = make_visit(
        patient, prescriber, NOON + timedelta(days=2), status=status, ended_at=NOON
    )
    message = make_sent(session, kind)
    assert "".join(p.value for p in Purpose if standing(message, p)) == purposes


@pytest.mark.parametrize(
    ("purpose", "kind", "status", "lasts"),
    [
        (Purpose.VISIT, "reminder", Status.PLANNED, timedelta(days=2)),
        (Purpose.PREPARE, "preparation", Status.PLANNED, timedelta(days=2)),
        (Purpose.CHECK_IN, "follow_up", Status.DISCHARGED, timedelta(days=14)),
        (Purpose.REBOOK, "missed", Status.NO_SHOW, timedelta(days=14)),
        (Purpose.MAILS, "reminder", Status.PLANNED, timedelta(days=365)),
    ],
)
def test_a_link_ends(
    patient: Patient, prescriber: User, purpose: Purpose, kind: str, status: str, lasts: timedelta
) -> None:
    """A-085"""
    starts_at = NOON + timedelta(days=2)
    session = make_visit(patient, prescriber, starts_at, status=status, ended_at=NOON)
    message = make_sent(session, kind)
    assert standing(message, purpose, NOON + lasts - timedelta(seconds=1))
    assert not standing(message, purpose, NOON + lasts)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.PLANNED}))
def test_a_visit_that_is_not_planned_ends_its_links(message: Message, status: str) -> None:
    """A-085"""
    save(message.treatment_session, status=status, ended_at=NOON)
    assert not standing(message)
    assert outdated(message) == (links.OF_A_VISIT if status == Status.CANCELLED else set())
    assert standing(message, Purpose.MAILS)


def test_a_moved_visit_ends_its_links(message: Message) -> None:
    """A-085: they are outdated, but for those about mail, which go on working."""
    assert outdated(message) == set()
    save(message.treatment_session, schedule_rev=2)
    assert not standing(message)
    assert outdated(message) == links.OF_A_VISIT
    assert standing(message, Purpose.MAILS)


@pytest.mark.parametrize("purpose", [Purpose.VISIT, Purpose.MAILS, Purpose.UNSUBSCRIBE])
def test_another_address_ends_the_links_of_the_old_one(message: Message, purpose: Purpose) -> None:
    contact = EmailContact.objects.get(patient=message.patient)
    save(contact, verified_at=None)
    assert not standing(message, purpose)
    save(contact, verified_at=NOON)
    assert standing(message, purpose)
    save(contact, address="other@mail.example")
    assert not standing(message, purpose)


def test_revoked_links_are_dead(message: Message) -> None:
    save(message, links_revoked_at=NOON)
    assert not standing(message)
    assert not standing(message, Purpose.UNSUBSCRIBE)


def test_a_hold_or_a_death_ends_the_links(message: Message, clinic: Clinic) -> None:
    hold = hold_mail(message.patient)
    assert not standing(message)
    save(hold, lifted_at=NOON, lifting_note="At home again.")
    assert standing(message)
    save(message.patient, deceased=True)
    assert not standing(message)


@pytest.mark.parametrize("purpose", sorted(links.OFFERED[Kind.REMINDER]))
def test_a_hold_leaves_only_the_links_that_end_mail(
    message: Message, clinic: Clinic, purpose: Purpose
) -> None:
    hold_mail(message.patient)
    assert standing(message, purpose) == (purpose in {Purpose.MAILS, Purpose.UNSUBSCRIBE})


@pytest.mark.parametrize("state", sorted(set(Message.State) - {"sent", "sending"}))
def test_what_was_not_sent_has_no_links(message: Message, prescriber: User, state: str) -> None:
    settled = {"settled_how": "phone", "settled_note": "Called.", "settled_by": prescriber}
    save(message, state=state, reason="Because.", **settled)
    assert not standing(message)


def test_a_mail_that_is_being_handed_over_can_be_opened(message: Message) -> None:
    in_time = NOON + timedelta(minutes=2)
    save(
        message,
        state="sending",
        sent_at=None,
        sent_to="",
        lease_until=in_time,
        lease_token=uuid.uuid4(),
    )
    assert standing(message)
    assert not standing(message, now=in_time)
