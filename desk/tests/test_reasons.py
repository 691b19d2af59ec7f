"""A reason that says nothing is refused by every form and by what is behind it."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import get_resolver, reverse

from clinic.audit import acting
from clinic.forms import ClinicalForm
from clinic.models import User
from clinic.tests.factories import TESTS
from desk.forms import CloseTaskForm
from monitoring.tests.visits import Visit
from patients.forms.fields import ReasonField
from patients.models import Task
from patients.services import tasks
from sessions.lifecycle import Status
from sessions.services import cancelling
from sessions.tests.factories import take_step

assert get_resolver().url_patterns  # so that all forms are imported

ASKS_WHY = re.compile(r"(^|_)(reason|justification|resolution)$")


def forms_of(parent: type[ClinicalForm]) -> Iterator[type[ClinicalForm]]:
    for form in parent.__subclasses__():
        yield form
        yield from forms_of(form)


REASONS = sorted(
    {
        (form.__module__, form.__name__, name)
        for form in forms_of(ClinicalForm)
        for name, field in form.base_fields.items()
        if ASKS_WHY.search(name) or str(field.label).startswith("Why")
        if not form.__module__.split(".")[1].startswith("tests")
    }
)


def test_forms_ask_for_many_reasons() -> None:
    assert len(REASONS) > 30


@pytest.mark.parametrize(("module", "form", "name"), REASONS)
def test_every_reason_wants_words(module: str, form: str, name: str) -> None:
    (found,) = {
        each
        for each in forms_of(ClinicalForm)
        if (each.__module__, each.__name__) == (module, form)
    }
    assert isinstance(found.base_fields[name], ReasonField)


@pytest.fixture
def missed(visit: Visit) -> Task:
    take_step(visit.pk, Status.NO_SHOW, by=visit.nurse)
    return Task.objects.get()


@pytest.mark.parametrize("note", ["", "x", "...", "123"])
def test_a_task_is_closed_with_words_by_form_and_service(
    client: Client, missed: Task, front_desk: User, note: str
) -> None:
    assert not CloseTaskForm({"entry_id": str(uuid4()), "note": note}).is_valid()
    with pytest.raises(ValidationError, match="Say what was done"):
        tasks.close(missed.pk, by=front_desk, note=note)
    client.force_login(front_desk)
    path = reverse("desk:close_task", args=[missed.public_id])
    assert client.post(path, {"entry_id": str(uuid4()), "note": note}).status_code == 200
    assert Task.objects.open().get() == missed


def test_sessions_are_cancelled_with_words(visit: Visit, administrator: User) -> None:
    with acting(TESTS), pytest.raises(ValidationError, match="Say why"):
        cancelling.cancel_day(
            visit.row.clinic,
            visit.clock.now.date(),
            {visit.row.public_id},
            reason="x",
            by=administrator,
        )


def test_what_prescription_monitoring_shows_is_told_in_words(visit: Visit) -> None:
    visit.arrive()
    with pytest.raises(ValidationError, match="Say what prescription monitoring shows"):
        visit.check(pdmp="unexpected", note="x")
