from collections.abc import Callable
from typing import Any

import pytest
from crispy_forms.utils import render_crispy_form
from django.forms import Form
from django.forms.renderers import DjangoTemplates
from django.test import SimpleTestCase

from clinic.models import Clinic
from monitoring.forms.events import EventForm, MissedForm
from monitoring.forms.leaving import (
    DepartureForm,
    EscortForm,
    OverrideForm,
    ReleaseForm,
    WayHomeForm,
)
from monitoring.forms.predose import PreDoseForm
from monitoring.forms.vitals import VitalsForm
from monitoring.models import Escort
from monitoring.questions import asked
from monitoring.readings import Settings
from sessions.forms.checking import DoseCheckForm, WasteForm
from sessions.forms.drawing import draw
from sessions.forms.sheet import ChairForm, DeviceForm, InfusionForm, SignForm, StepForm

FORMS: dict[str, Callable[..., Form]] = {
    "vitals": lambda data, **more: VitalsForm(data, previous={"bp": "120/80 at 9:00"}, **more),
    "pre-dose check": lambda data, **more: PreDoseForm(
        data, asked=asked(Settings(), pdmp=True), decides=True, **more
    ),
    "device": DeviceForm,
    "infusion": lambda data, **more: InfusionForm(data, order=None, **more),
    "escort": lambda data, **more: EscortForm(data, accepted=["adult"], **more),
    "way home": WayHomeForm,
    "release": lambda data, **more: ReleaseForm(
        data, escort=Escort(kind="adult", name="Sam"), may_go_alone=True, **more
    ),
    "second check": lambda data, **more: DoseCheckForm(data, order=None, route="iv", **more),
    "waste": lambda data, **more: WasteForm(data, witnessed=True, **more),
    "departure": DepartureForm,
    "override": OverrideForm,
    "event": EventForm,
    "missed check": lambda data, **more: MissedForm(data, labels=["40 minutes"], **more),
    "step": lambda data, **more: StepForm(data, needs_reason=True, **more),
    "signature": SignForm,
}
TYPED: list[dict[str, Any] | None] = [
    None,
    {"bp": "<80", "pulse": "x", "outcome": "?", "lot": '"L"', "kind": "adult", "serious": "on"},
]


def by_crispy(form: Any) -> str:
    form.fields["entry_id"].initial = "1"
    form.renderer = DjangoTemplates()
    return render_crispy_form(form)


@pytest.mark.parametrize("typed", TYPED, ids=["empty", "wrong"])
@pytest.mark.parametrize("name", FORMS)
def test_a_form_looks_as_crispy_draws_it(name: str, typed: dict[str, Any] | None) -> None:
    form: Any = FORMS[name](typed)
    form.fields["entry_id"].initial = "1"
    SimpleTestCase().assertHTMLEqual(draw(form), by_crispy(FORMS[name](typed)))


def test_a_choice_of_chairs_looks_as_crispy_draws_it(clinic: Clinic) -> None:
    form = ChairForm(None, clinic=clinic)
    form.fields["entry_id"].initial = "1"
    SimpleTestCase().assertHTMLEqual(draw(form), by_crispy(ChairForm(None, clinic=clinic)))
