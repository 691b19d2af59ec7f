"""Every form against absurd, broken and hostile input: words at the field, no crash, no change."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.html import escape

from clinic.audit import acting
from clinic.forms import CalendarDateField, LocalDateTimeField
from clinic.models import Clinic, User
from clinic.tests.factories import TESTS
from desk.tests.house import House, records, rows_written, standing_house
from desk.tests.test_routes import address
from monitoring.forms.vitals import BloodPressureField, MeasureField
from monitoring.models import VitalSigns
from monitoring.tests.visits import ANSWERS
from patients.forms.fields import LineField, NumberField, TextField
from patients.medicines.review import about_line
from patients.models import Patient
from sessions.forms.fields import MomentField, PlainNumberField
from sessions.forms.planning import WallTimeField
from sessions.models import Dose, TreatmentSession
from sessions.tests.factories import shipped

pytestmark = pytest.mark.django_db

SECOND, PASSWORD = "second-person", "a long good password"
NUL, UNSEEN, TURNED = "a\x00b", "\u200b\u2060", "abc\u202edef"
LONG, HUGE = "9" * 10_000, "x" * 1_000_000
NUMBERS = (
    "-5",
    "1e2",
    "5_6",
    "１２",
    "NaN",
    "Infinity",
    "0x10",
    "8 4",
    "99999",
    "٣",
    "--",
    NUL,
    HUGE,
)
DAYS = ("0001-01-01", "9999-12-31", "2027-02-29", "２０２６-11-21", "1e3", "21.11.2026", NUL)
PRESSURES = (
    "900/10",
    "80/120",
    "120",
    "１２０/80",
    "120/80/60",
    "1e2/80",
    "-120/80",
    "/",
    NUL,
    HUGE,
)
TEXTS = (NUL, HUGE, UNSEEN, TURNED, "\x1b[31mred")
# What is wrong for a field of each kind, the special ones first.
WRONG: tuple[tuple[type | tuple[type, ...], tuple[str, ...]], ...] = (
    (forms.BooleanField, ()),
    (BloodPressureField, PRESSURES),
    ((NumberField, PlainNumberField, MeasureField), NUMBERS),
    (CalendarDateField, DAYS),
    (LocalDateTimeField, tuple(f"{day}T10:00" for day in DAYS)),
    (
        MomentField,
        ("25:00", "1_0:00", "１２:00", "0001-01-01 10:00", "9999-12-31 10:00", NUL, LONG),
    ),
    (WallTimeField, ("25:00", "１０:00", "ten", "10:00:00.5", NUL, LONG)),
    (forms.UUIDField, ("x", NUL, LONG)),
    (forms.IntegerField, ("-1", "1e2", "NaN", "1" * 30, NUL)),
    (forms.ModelChoiceField, ("x", NUL, HUGE, str(uuid4()))),
    (forms.ChoiceField, ("x", NUL, LONG)),
    (forms.EmailField, ("a", "a@b", "a@b.example\nBcc: c@d.example", "@", NUL, LONG, UNSEEN)),
    (forms.CharField, TEXTS),
)
FORGED = {
    "status": "discharged",
    "version": "999",
    "clinic": "{other}",
    "clinic_id": "{other}",
    "patient": "1",
    "is_superuser": "on",
    "recorded_at": "2001-02-03 04:05",
    "recorded_by": "1",
    "given_by": "1",
    "signed_by": "1",
    "outside_gate": "",
    "public_id": "6f2c0d3e-5a4b-4c1d-9e8f-0a1b2c3d4e5f",
    "id": "1",
}


def now_at(clinic: Clinic) -> str:
    return f"{timezone.now().astimezone(clinic.zone):%Y-%m-%dT%H:%M}"


def next_monday(clinic: Clinic, weeks: int = 1) -> str:
    today = timezone.now().astimezone(clinic.zone).date()
    return (today + timedelta(days=7 * weeks - today.weekday())).isoformat()


# Who posts what where; a word such as `now`, `monday`, `shipped` stands for what `Filled` names.
FORMS: dict[str, tuple[str, str, dict[str, str]]] = {
    "close_task": ("nurse", "desk:close_task task", {"note": "Called"}),
    "postpone_task": (
        "nurse",
        "desk:postpone_task task",
        {"due_on": "monday", "reason": "On holiday"},
    ),
    "request": ("front_desk", "desk:request change", {}),
    "decline": ("front_desk", "desk:decline_request change", {"reason": "Told by phone"}),
    "settle": ("nurse", "desk:message_dismiss failed", {"how": "phone", "reason": "Called"}),
    "add": (
        "front_desk",
        "patients:add",
        {
            "family_name": "Roe",
            "given_name": "Jo",
            "birth_date": "1980-01-02",
            "sex": "female",
            "phone": "+1 555 010 1234",
            "address": "Main Street 1",
            "record_number": "R-1",
        },
    ),
    "edit": ("front_desk", "patients:edit patient", {"given_name": "Jo"}),
    "email": ("front_desk", "patients:email patient", {"address": "new@mail.example"}),
    "consent": ("nurse", "patients:consent patient", {"kind": "treatment", "given_at": "now"}),
    "sign_consent": (
        "nurse",
        "patients:sign_consent patient @text",
        {"typed_name": "Ada Example", "tick_0": "on", "signer": "patient"},
    ),
    "withdraw": ("nurse", "patients:withdraw_consent consent", {"withdrawn_at": "now"}),
    "enrol": (
        "nurse",
        "patients:enrol patient",
        {"number": "P-9", "prescriber": "prescriber"},
    ),
    "end_enrolment": ("nurse", "patients:end_enrolment enrolment", {"reason": "Moves away"}),
    "on_site_arrive": ("prescriber", "desk:on_site_arrive", {}),
    "on_site_confirm": ("prescriber", "desk:on_site_confirm stay", {}),
    "on_site_leave": ("prescriber", "desk:on_site_leave stay", {}),
    "on_site_hand_over": ("prescriber", "desk:on_site_hand_over stay", {"to": "relief"}),
    "on_site_answer": ("prescriber", "desk:on_site_answer hand_over", {"answer": "yes"}),
    "on_site_correct": ("prescriber", "desk:on_site_correct stay", {"reason": "Slip"}),
    "screen": (
        "prescriber",
        "patients:screen patient",
        {"outcome": "not_cleared", "findings": "Untreated", "treatment": "esketamine-nasal-US"},
    ),
    "medicine": ("nurse", "patients:add_medication patient", {"text": "Lithium"}),
    "medicines": (
        "nurse",
        "patients:medicines newcomer",
        {"about": "line", "reason": "A vitamin"},
    ),
    "stop_medicine": ("nurse", "patients:stop_medication medicine", {}),
    "condition": ("nurse", "patients:add_condition patient", {"text": "Asthma"}),
    "resolve_condition": ("nurse", "patients:resolve_condition condition", {}),
    "allergy": ("nurse", "patients:add_allergy patient", {"text": "Penicillin"}),
    "measure": (
        "nurse",
        "patients:add_measure patient",
        {"number": "81.5", "measure": "weight kg", "observed_at": "now"},
    ),
    "in_error": (
        "nurse",
        "patients:entered_in_error allergy <allergies",
        {"reason": "Another patient's"},
    ),
    "audit_c": (
        "nurse",
        "outcomes:assess patient audit-c",
        {"item_often": "2", "item_drinks": "1", "item_six": "0", "observed_at": "now"},
    ),
    "liver": (
        "prescriber",
        "outcomes:assess patient liver",
        {"item_ggt": "90", "item_ggt_upper": "55", "observed_at": "now"},
    ),
    "correct_assessment": (
        "nurse",
        "outcomes:correct assessment",
        {"item_pain": "1", "observed_at": "now", "reason": "Misheard"},
    ),
    "assessment_in_error": (
        "nurse",
        "outcomes:in_error assessment",
        {"reason": "Another patient's"},
    ),
    "import": ("prescriber", "patients:import_confirm draft", {"offered": "0"}),
    "cancel_day": (
        "administrator",
        "admin:treatment_sessions_treatmentsession_cancel_day",
        {"clinic": "here", "day": "its_day", "shown": "planned", "reason": "Power cut"},
    ),
    "plan": (
        "front_desk",
        "sessions:plan newcomer",
        {"protocol": "shipped", "starts_on": "monday", "time_of_day": "10:00"},
    ),
    "order": ("prescriber", "sessions:order course", {"option": "0", "reason": "As agreed"}),
    "order_infusion": (
        "prescriber",
        "sessions:order infused_course",
        {"option": "0", "weight_basis": "actual", "concentration": "1", "shown_for": "70 1"},
    ),
    "rhythm": ("prescriber", "sessions:rhythm course", {"rhythm": "2-weekly"}),
    "stop": ("prescriber", "sessions:stop course", {"reason": "Moves away"}),
    "move": (
        "front_desk",
        "sessions:move planned",
        {"day": "monday", "wall_time": "10:00", "reason": "On holiday"},
    ),
    "place": (
        "front_desk",
        "sessions:place course 2",
        {"day": "later", "wall_time": "10:00", "reason": "Found by phone"},
    ),
    "check_in": ("front_desk", "sessions:step planned checked_in", {}),
    "back": ("nurse", "sessions:step arrived planned", {"reason": "Wrong patient"}),
    "left": ("nurse", "sessions:step monitored left_against_advice", {"reason": "Walked out"}),
    "device": (
        "nurse",
        "sessions:device cleared",
        {"lot": "L1", "outcome": "complete", "reason": "Given", "outside_gate": "on"},
    ),
    "device_correct": ("nurse", "sessions:device_correct dose", {"lot": "L2", "reason": "Slip"}),
    "second_check": (
        "prescriber",
        "sessions:second_check cleared",
        {
            "devices": "2",
            "compared": "on",
            "second_username": SECOND,
            "second_password": PASSWORD,
        },
    ),
    "waste": (
        "nurse",
        "sessions:waste monitored 1",
        {"lot": "L1", "vials": "1", "vial_mg": "28", "wasted_mg": "0", "method": "bin"},
    ),
    "waste_correct": ("nurse", "sessions:waste_correct waste", {"reason": "Counted again"}),
    "infusion": (
        "nurse",
        "sessions:infusion cleared_drip",
        {
            "dose_mg": "35",
            "concentration_mg_ml": "1",
            "rate_ml_h": "52.5",
            "lot": "L1",
            "reason": "Given",
            "outside_gate": "on",
        },
    ),
    "infusion_change": (
        "nurse",
        "sessions:infusion_change infused",
        {"kind": "stop", "given_ml": "8.8"},
    ),
    "infusion_correct": (
        "nurse",
        "sessions:infusion_correct infused 2",
        {"reason": "Misread the clock"},
    ),
    "sit": ("nurse", "sessions:sit monitored", {"place": "Bed 4"}),
    "sign": ("prescriber", "sessions:sign over", {"note": "Fine"}),
    "predose": ("nurse", "monitoring:predose arrived", ANSWERS),
    "private": ("nurse", "monitoring:private arrived", {"answer": "negative"}),
    "weight": ("nurse", "monitoring:weight arrived", {"number": "81.5", "unit": "kg"}),
    "given": (
        "nurse",
        "monitoring:medicine monitored",
        {
            "drug": "Lorazepam",
            "drug_class": "benzodiazepine",
            "dose": "1 mg",
            "route": "oral",
            "ordered_by": "its_prescriber",
            "why": "Panic",
        },
    ),
    "given_correct": (
        "nurse",
        "monitoring:medicine_correct given",
        {"dose": "8 mg", "reason": "Two tablets"},
    ),
    "decide": ("prescriber", "monitoring:decide cleared", {"reason": "Benefit"}),
    "vitals": ("nurse", "monitoring:vitals monitored", {"bp": "124/78", "pulse": "72"}),
    "correct": ("nurse", "monitoring:correct vitals", {"pulse": "82", "reason": "Slip"}),
    "rems_answers": (
        "nurse",
        "monitoring:rems_answers over",
        {"maois": "no", "ready_minutes": "95"},
    ),
    "rems_file": (
        "nurse",
        "monitoring:rems_file over",
        {"channel": "fax", "reference": "F-1", "incomplete_reason": "Unreachable"},
    ),
    "event": ("nurse", "monitoring:event monitored", {"term": "Nausea", "severity": "mild"}),
    "serotonin": (
        "nurse",
        "monitoring:serotonin monitored",
        {"exposed": "yes", "tremor": "no", "temperature": "36.9", "note": "Calm"},
    ),
    "serotonin_correct": (
        "nurse",
        "monitoring:serotonin_correct serotonin",
        {"exposed": "no", "reason": "Asked again"},
    ),
    "panic": (
        "nurse",
        "monitoring:panic_begin monitored",
        {"severity": "mild", "suds": "7", "trigger": "Loud music"},
    ),
    "panic_end": ("nurse", "monitoring:panic_end panic", {"outcome": "settled", "text": "Tea"}),
    "panic_in_error": (
        "nurse",
        "monitoring:panic_in_error panic",
        {"reason": "Another patient's"},
    ),
    "transfer": (
        "nurse",
        "monitoring:transfer monitored",
        {"to_where": "St Mary", "taken_by": "Ambulance 4", "condition": "Awake", "told": "Sam"},
    ),
    "against_advice": (
        "nurse",
        "monitoring:against_advice monitored",
        {"has_capacity": "yes", "informed": "yes", "paper": "refused", "reason": "Bored"},
    ),
    "gone": ("nurse", "monitoring:gone monitored", {"last_seen_where": "Garden"}),
    "lift_hold": ("front_desk", "patients:lift_hold mail_hold", {"note": "Called, is well"}),
    "resolve": ("nurse", "monitoring:resolve event", {"resolution": "By itself"}),
    "escort": ("front_desk", "monitoring:escort monitored", {"kind": "adult", "name": "Sam"}),
    "way_home": (
        "front_desk",
        "monitoring:way_home monitored",
        {"kind": "not_reached", "note": "No answer"},
    ),
    "assess": ("nurse", "monitoring:assess monitored", {"ready": "no", "note": "Sleepy"}),
    "override": (
        "prescriber",
        "monitoring:override monitored",
        {"reason": "Hospital bed", "second_username": SECOND, "second_password": PASSWORD},
    ),
    "departure": ("nurse", "monitoring:departed monitored", {"reason": "Gone"}),
    "event_in_error": ("nurse", "monitoring:event_in_error event", {"reason": "Another patient's"}),
    "missed": ("nurse", "monitoring:missed monitored", {"label": "first", "reason": "Cuff broke"}),
    "not_missed": (
        "nurse",
        "monitoring:withdraw over",
        {"label": "first", "reason": "It was done"},
    ),
}
# Not typed by people: a value that can't be read is no value.
READ_LENIENTLY = {
    ("measure", "confirmed"),
    ("plan", "shown"),
    ("order", "shown_for"),
    ("weight", "doubted"),
}


# Shown to the patient alone, after the tablet was handed over at another address.
HANDED_OVER = {"sign_consent": "patients:hand_over_consent"}
# Where the first post moved the session on, the form is not offered again, or not with that choice.
MOVED_ON = {
    "back": 302,
    "left": 302,
    "place": 302,
    "infusion_change": 200,
    "missed": 200,
    "not_missed": 200,
    "sign_consent": 302,
}


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Filled:
    """One form with values that are accepted."""

    def __init__(self, name: str, client: Client, house: House) -> None:
        route, self.client, clinic = FORMS[name][1].split(), client, house.clinic
        if name in HANDED_OVER:
            client.post(address(house, HANDED_OVER[name], *route[1:]))
        self.path = address(house, *route)
        with undone():
            bound = self.client.post(self.path, {"unknown": "1"})
        self.fields: dict[str, forms.Field] = bound.context["form"].fields
        form = self.client.get(self.path).context["form"]
        shown = {bound.html_name: written(bound) for bound in form}
        named = {
            "now": now_at(clinic),
            "today": now_at(clinic)[:10],
            "monday": next_monday(clinic),
            "later": next_monday(clinic, weeks=2),
            "shipped": str(shipped().public_id),
            "here": str(clinic.public_id),
            "line": about_line("Xyzzanol"),
            "planned": str(house.planned.public_id),
            "prescriber": str(house.staff["prescriber"].pk),
            "relief": str(house.hand_over.stay.person_id),
            "its_prescriber": house.staff["prescriber"].username,
            "its_day": f"{house.planned.starts_at.astimezone(clinic.zone):%Y-%m-%d}",
            "first": next((key for key, _ in getattr(self.fields.get("label"), "choices", [])), ""),
        }
        typed = {key: named.get(value, value) for key, value in FORMS[name][2].items()}
        self.values = {key: value for key, value in {**shown, **typed}.items() if value}

    def post(self, **changes: str) -> Any:
        key = {"entry_id": str(uuid4())} if "entry_id" in self.fields else {}
        return self.client.post(self.path, {**self.values, **key, **changes})


def written(bound: forms.BoundField) -> str:
    """Return what a browser would send for an untouched field."""
    value = bound.value()
    if isinstance(bound.field, forms.BooleanField):
        return "on" if value else ""
    shown = bound.field.widget.format_value(value)
    return str((shown[0] if shown else "") if isinstance(shown, list) else shown or "")


def wrong_for(field: forms.Field) -> tuple[str, ...]:
    return next((wrong for kind, wrong in WRONG if isinstance(field, kind)), ())


def like(field: forms.Field) -> tuple[Any, ...]:
    """Return what fields have in common that read what is typed by the same rules."""
    plain = {name: value for name, value in vars(field).items() if name not in SHOWN}
    simple = (str, int, bool, float, Decimal, type(None))
    limits = sorted(f"{name} {value}" for name, value in plain.items() if isinstance(value, simple))
    checks = sorted(type(each).__name__ for each in field.validators)
    return (type(field), *limits, *checks, str(list(getattr(field, "choices", ()))))


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    with standing_house(django_db_blocker) as house:
        nurse = house.staff["nurse"]
        nurse.username = SECOND
        nurse.set_password(PASSWORD)
        with acting(TESTS):
            nurse.save()
        yield house


@pytest.fixture
def filled(name: str, house: House, client: Client) -> Filled:
    client.force_login(house.staff[FORMS[name][0]])
    return Filled(name, client, house)


SHOWN = {"label", "help_text", "initial", "label_suffix"}
VERSIONED = [
    "edit",
    "email",
    "rhythm",
    "stop",
    "move",
    "place",
    "check_in",
    "back",
    "left",
    "sign",
    "transfer",
    "against_advice",
    "gone",
]
every_form = pytest.mark.parametrize("name", FORMS)


@every_form
def test_what_is_right_is_saved_once_under_its_key(name: str, filled: Filled) -> None:
    """The same again is done already; other values are refused."""
    before, key, rows = records(), str(uuid4()), rows_written()
    assert filled.post(entry_id=key).status_code == 302
    saved = records()
    assert saved != before
    assert rows_written() > rows
    assert filled.post(entry_id=key).status_code == 302
    line = next((n for n, f in filled.fields.items() if type(f) in {LineField, TextField}), None)
    if line is not None:
        other = filled.post(entry_id=key, **{line: "Something else"})
        assert other.status_code == MOVED_ON.get(name, 409)
    assert records() == saved


@every_form
def test_what_is_wrong_is_refused_at_its_field(name: str, filled: Filled) -> None:
    """What a field refuses by itself goes in one post with what others refuse; the rest alone."""
    before, failures = records(), []
    alone, together = sorted_out(name, filled.fields)
    for wrong in [*alone, *together]:
        with undone():
            rows = rows_written()
            response = filled.post(**wrong)
            unchanged = rows_written() == rows or records() == before
            refused = response.status_code in {200, 409} and unchanged
            errors = response.context["form"].errors if refused else {}
            told = wrong.keys() <= errors.keys() if len(wrong) > 1 else errors
            if not told:
                failures.append((wrong, response.status_code, dict(errors)))
    assert failures == []


def sorted_out(
    name: str, fields: dict[str, forms.Field]
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the posts with one wrong value, and those with one for each of many fields."""
    alike: Counter[tuple[Any, ...]] = Counter()
    alone: list[dict[str, str]] = []
    together: list[dict[str, str]] = []
    for field_name, field in fields.items():
        if (name, field_name) in READ_LENIENTLY:
            continue
        values = wrong_for(field)
        if turn := alike[like(field)]:  # a list of the same questions: each value once is enough
            values = values[turn % len(values) :][:1] if values else ()
        alike[like(field)] += 1
        joined = [value for value in values if is_refused(field, field_name, value)]
        for number, value in enumerate(joined):
            if number == len(together):
                together.append({})
            together[number][field_name] = value
        alone += [{field_name: value} for value in values if value not in joined]
    return alone, together


def is_refused(field: forms.Field, name: str, value: str) -> bool:
    """Say if the field alone refuses it, in a post that is short enough to hold many."""
    if len(value) > 10_000:
        return False
    try:
        field.clean(field.widget.value_from_datadict(MultiValueDict({name: [value]}), {}, name))
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize("name", VERSIONED)
def test_a_page_that_is_too_old_is_refused(name: str, filled: Filled) -> None:
    """INV-9: refused with 409, what was typed is kept."""
    before = records()
    response = filled.post(version="77")
    assert response.status_code == 409
    assert records() == before
    typed = filled.values.keys() - {"version", "entry_id"}
    assert all(escape(filled.values[each]) in response.content.decode() for each in typed)


@every_form
def test_fields_that_a_form_lacks_have_no_effect(
    name: str, filled: Filled, other_clinic: Clinic
) -> None:
    assert ("version" in filled.fields) == (name in VERSIONED)
    forged = {key: value.format(other=other_clinic.pk) for key, value in FORGED.items()}
    extra = {key: value for key, value in forged.items() if key not in filled.fields}
    with undone():
        assert filled.post().status_code == 302
        expected = shape()
    assert filled.post(**extra).status_code == 302
    assert shape() == expected


def shape() -> list[list[tuple[Any, ...]]]:
    """Return what a forged field could have reached: states, versions, clinics, authors, marks."""
    return [
        sorted(
            TreatmentSession.objects.values_list("patient", "number", "status", "version", "clinic")
        ),
        sorted(Patient.objects.values_list("version", "clinic_id", "record_number", "deceased")),
        sorted(Dose.objects.values_list("given_by_id", "outside_gate", "dose_mg", "number")),
        sorted(User.objects.values_list("pk", "is_superuser", "is_staff", "is_active")),
        sorted(VitalSigns.objects.values_list("recorded_by_id", "entered_in_error")),
        sorted((table, count) for table, (count, _) in records().items()),
    ]
