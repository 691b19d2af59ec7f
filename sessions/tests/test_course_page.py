"""The page of a course and what a prescriber decides there: dose, rhythm, end."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.models import AuditEvent
from clinic.tests.factories import TESTS
from patients.models import BodyMeasure, Patient
from patients.tests.factories import make_patient
from sessions.models import DoseOrder, DosingPolicy, TreatmentCourse, TreatmentSession
from sessions.services import booking, making_up, orders
from sessions.services.drafts import Choice
from sessions.services.orders import OrderedDose
from sessions.tests.factories import make_course, make_order, shipped


@pytest.fixture
def course(clinic, front_desk):
    today = timezone.now().date()
    monday = today + timedelta(days=7 - today.weekday())
    choice = Choice(make_patient(clinic), shipped(), monday, (0, 3), time(10))
    return booking.book(choice, by=front_desk)


@pytest.fixture
def infusions(clinic, front_desk):
    patient = make_patient(clinic)
    with acting(TESTS):
        BodyMeasure.objects.create(
            patient=patient,
            clinic=clinic,
            kind="weight",
            value=Decimal("82.50"),
            observed_at=timezone.now(),
        )
    return make_course(patient, front_desk, key="ketamine-iv-twice-weekly")


@pytest.fixture
def office(client, prescriber):
    client.force_login(prescriber)
    return client


def url(name, course):
    return reverse(f"sessions:{name}", args=[course.public_id])


def fields(page, **values):
    """Return what a browser would post from the page, with these fields typed."""
    form = page.context["form"]
    own = {bound.name: bound.value() for bound in form if bound.value() not in (None, "")}
    own |= {"shown_for": form.basis} if hasattr(form, "basis") else {}
    return own | values


def send(client, name, course, **values):
    return client.post(url(name, course), fields(client.get(url(name, course)), **values))


def test_the_course_shows_every_session_with_its_reason(office, course):
    page = office.get(url("course", course)).content.decode()
    for row in course.sessions.all():
        assert reverse("desk:session", args=[row.public_id]) in page
    assert "day 1 of the course; every other date counts from it" in page
    assert AuditEvent.objects.filter(event="course.read").exists()


def test_a_session_with_a_new_date_is_counted_once(office, course):
    """The missed one stays in the table beside the one that makes up for it."""
    many = course.sessions.count()
    page = office.get(url("course", course)).content.decode()
    assert f"{many} sessions from" in page
    assert "after a missed one" not in page
    last = course.sessions.latest("number")
    with acting(TESTS):
        TreatmentSession.objects.filter(pk=last.pk).update(status="no_show", ended_at=last.ends_at)
        last.refresh_from_db()
        again = making_up.blank(last)
        again.starts_at = last.starts_at + timedelta(days=1)
        again.ends_at, again.chair = last.ends_at + timedelta(days=1), last.chair
        again.save()
    answer = office.get(url("course", course))
    assert len(answer.context["rows"]) == many + 1
    assert f"{many} sessions from" in answer.content.decode()
    assert ", 1 with a new date after a missed one" in answer.content.decode()


def test_the_front_desk_sees_dates_but_no_dose(client, course, front_desk, prescriber):
    make_order(course, prescriber)
    client.force_login(front_desk)
    page = client.get(url("course", course)).content.decode()
    assert "esketamine 56 mg" not in page
    assert "Move" in page


@pytest.mark.parametrize("name", ["order", "rhythm", "stop"])
def test_only_prescribers_decide(client, course, nurse, front_desk, outsider, name):
    for user in (nurse, front_desk):
        client.force_login(user)
        assert client.get(url(name, course)).status_code == 403
        assert client.post(url(name, course), {}).status_code == 403
    client.force_login(outsider)
    assert client.get(url(name, course)).status_code == 404
    assert client.get(url("course", course)).status_code == 404


def test_the_default_dose_is_ordered_as_offered(office, course):
    assert send(office, "order", course).status_code == 302
    order = DoseOrder.objects.get()
    assert (int(order.dose_mg), order.prescriber.username) == (56, "prescriber")
    assert "esketamine 56 mg" in office.get(url("course", course)).content.decode()


def test_a_dose_says_what_speaks_against_it(office, course):
    page = office.get(url("order", course)).content.decode()
    assert "84 mg (3 devices): Sources differ on 84 mg on day 1" in page


def test_a_new_order_replaces_and_the_old_one_stays_readable(office, course):
    send(office, "order", course)
    send(office, "order", course, option="1")
    assert list(course.dose_orders.values_list("dose_mg", flat=True)) == [84, 56]
    assert "<del>esketamine 56 mg</del>" in office.get(url("course", course)).content.decode()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"option": "other"}, "Enter the dose in mg"),
        ({"option": "other", "other_mg": "28"}, "Say why another dose"),
        ({"option": "other", "other_mg": "50", "reason": "Frail"}, "order a multiple of 28"),
        ({"option": "other", "other_mg": "112", "reason": "Frail"}, "highest dose is 84 mg"),
        ({"option": "other", "other_mg": "5_6", "reason": "Frail"}, "plain digits"),
        ({"option": "other", "other_mg": "1e2", "reason": "Frail"}, "plain digits"),
        ({"option": "other", "other_mg": "５６", "reason": "Frail"}, "plain digits"),
        ({"option": "other", "other_mg": "56,0", "reason": "Frail"}, "with a point"),
        ({"option": "other", "other_mg": "-28", "reason": "Frail"}, "plain digits"),
        ({"option": "other", "other_mg": "0", "reason": "Frail"}, "Enter the dose in mg"),
        ({"option": "9"}, "Choose one of the doses"),
        ({"valid_from": "0001-01-01"}, "between 1900 and 2200"),
        ({"valid_until": "2020-01-01"}, "be before the first"),
        ({"reason": "\u200b\u202e"}, "reason"),
        ({"entry_id": ""}, "Reload the page"),
    ],
)
def test_bad_input_orders_nothing_and_says_what_to_do(office, course, values, words):
    answer = send(office, "order", course, **values)
    assert answer.status_code == 200
    errors = answer.context["form"].errors
    assert words in str(errors)
    assert not DoseOrder.objects.exists()


def test_another_dose_is_ordered_with_a_reason(office, course):
    send(office, "order", course, option="other", other_mg="28", reason="Frail")
    order = DoseOrder.objects.get()
    assert (int(order.dose_mg), order.reason) == (28, "Frail")


def test_two_prescribers_do_not_replace_each_other_unseen(office, course, prescriber):
    typed = fields(office.get(url("order", course)), option="1")
    make_order(course, prescriber)
    answer = office.post(url("order", course), typed)
    assert answer.status_code == 409
    assert "Now stands" in answer.content.decode()
    assert course.dose_orders.count() == 1
    again = fields(answer)
    assert office.post(url("order", course), again).status_code == 302


def test_the_same_order_sent_twice_is_one_order(office, course):
    typed = fields(office.get(url("order", course)))
    for _ in range(2):
        assert office.post(url("order", course), typed).status_code == 302
    assert DoseOrder.objects.count() == 1


def test_an_infusion_is_ordered_for_the_weight_on_the_chart(office, infusions):
    page = office.get(url("order", infusions))
    assert "41.3 mg = 41.3 mL at 62.0 mL/h" in page.content.decode()
    assert office.post(url("order", infusions), fields(page)).status_code == 302
    order = DoseOrder.objects.get()
    assert (order.dose_mg, order.weight_kg, order.infusion_minutes) == (
        Decimal("41.30"),
        Decimal("82.50"),
        40,
    )


OTHER_WEIGHT = {"weight_basis": "other", "reason": "Oedema"}


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [("weight_kg", "700", "A weight is"), ("concentration", "100", "below 100 mg/mL")],
)
def test_a_number_that_allows_no_dose_is_refused_at_its_own_field(
    office, infusions, name, number, words
):
    basis = OTHER_WEIGHT if name == "weight_kg" else {}
    form = send(office, "order", infusions, **basis, **{name: number}).context["form"]
    assert set(form.errors) == {name}
    assert words in form.errors[name][0]


def test_another_weight_shows_its_doses_before_anything_is_ordered(office, infusions):
    answer = send(office, "order", infusions, **OTHER_WEIGHT, weight_kg="60")
    assert answer.status_code == 200
    assert "30.0 mg = 30.0 mL" in answer.content.decode()
    assert not DoseOrder.objects.exists()
    assert office.post(url("order", infusions), fields(answer)).status_code == 302
    order = DoseOrder.objects.get()
    assert (order.dose_mg, order.weight_basis, order.weight_kg) == (
        Decimal(30),
        "other",
        Decimal(60),
    )
    assert order.actual_kg == Decimal("82.5")


def test_a_weight_that_is_not_on_the_chart_needs_a_reason(office, infusions):
    answer = send(office, "order", infusions, weight_basis="other", weight_kg="60")
    answer = office.post(url("order", infusions), fields(answer))
    assert "none of the weights on the chart" in str(answer.context["form"].errors["reason"])
    assert not DoseOrder.objects.exists()


def test_a_weight_typed_beside_one_of_the_chart_is_not_overlooked(office, infusions):
    answer = send(office, "order", infusions, weight_kg="60")
    assert "Choose “Another weight”" in str(answer.context["form"].errors["weight_kg"])
    assert not DoseOrder.objects.exists()


@pytest.fixture
def heavy(infusions):
    """A woman of 104 kg and 170 cm, with a BMI of 36."""
    patient = infusions.patient
    with acting(TESTS):
        BodyMeasure.objects.update(value=104)
        BodyMeasure.objects.create(
            kind="height",
            value=170,
            observed_at=timezone.now() - timedelta(days=900),
            patient=patient,
            clinic=patient.clinic,
        )
        Patient.objects.filter(pk=patient.pk).update(sex="female")
    return infusions


def test_the_page_shows_three_weights_and_why_they_matter(office, heavy):
    page = office.get(url("order", heavy)).content.decode()
    assert "Actual weight: 104 kg (229.3 lb), 0.5 mg/kg = 52.0 mg" in page
    assert "Ideal weight (Devine): 61.4 kg (135.4 lb), 0.5 mg/kg = 30.7 mg" in page
    assert "Adjusted weight: 78.4 kg (172.8 lb), 0.5 mg/kg = 39.2 mg" in page
    assert "BMI 36.0: consider" in page
    assert "not verified in a source" in page


def test_the_prescriber_picks_the_weight_and_the_order_keeps_it(office, heavy):
    answer = send(office, "order", heavy, weight_basis="adjusted")
    assert "39.2 mg = 39.2 mL at 58.8 mL/h" in answer.content.decode()
    assert not DoseOrder.objects.exists()
    assert office.post(url("order", heavy), fields(answer)).status_code == 302
    order = DoseOrder.objects.get()
    assert (order.weight_basis, order.weight_kg) == ("adjusted", Decimal("78.4"))
    assert (order.dose_mg, order.actual_kg) == (Decimal("39.2"), Decimal(104))


def test_an_unknown_sex_is_said_and_computes_nothing(office, heavy):
    with acting(TESTS):
        Patient.objects.update(sex="unknown")
    page = office.get(url("order", heavy)).content.decode()
    assert "administrative sex is neither" in page
    assert "BMI 36.0" in page
    assert "Ideal weight (Devine):" not in page


def test_a_height_that_changed_since_is_shown_before_anything_is_ordered(office, heavy):
    answer = send(office, "order", heavy, weight_basis="ideal")
    typed = fields(answer)
    with acting(TESTS):
        BodyMeasure.objects.filter(kind="height").update(value=160)
    answer = office.post(url("order", heavy), typed)
    assert "Check them, then order" in str(answer.context["form"].errors)
    assert not DoseOrder.objects.exists()


def policy(course, **values):
    with acting(TESTS):
        DosingPolicy.objects.update_or_create(clinic=course.clinic, defaults=values)


@pytest.mark.parametrize(
    ("days", "kilograms"), [(30, Decimal("82.50")), (31, None), (6 * 365, None)]
)
def test_only_a_recent_weight_is_offered(office, infusions, days, kilograms):
    with acting(TESTS):
        BodyMeasure.objects.update(observed_at=timezone.now() - timedelta(days=days))
    page = office.get(url("order", infusions))
    assert page.context["scales"].weights.actual == kilograms
    assert "82.5 kg" in page.content.decode()
    assert ("41.3 mg" in page.content.decode()) == (kilograms is not None)


def test_how_old_a_weight_may_be_is_the_clinics_setting(office, infusions):
    policy(infusions, weight_days=7)
    with acting(TESTS):
        BodyMeasure.objects.update(observed_at=timezone.now() - timedelta(days=8))
    page = office.get(url("order", infusions)).content.decode()
    assert "too old for a dose: at most 7 days" in page


@pytest.mark.parametrize(
    ("days", "words"), [(31, "The last one, 82.5 kg, is of"), (None, "No weight is on record")]
)
def test_an_infusion_is_not_ordered_for_somebody_nobody_weighed_lately(
    office, infusions, days, words
):
    with acting(TESTS):
        if days is None:
            BodyMeasure.objects.update(kind="height", value=180)
        else:
            BodyMeasure.objects.update(observed_at=timezone.now() - timedelta(days=days))
    answer = send(office, "order", infusions, **OTHER_WEIGHT, weight_kg="80")
    answer = office.post(url("order", infusions), fields(answer))
    assert words in " ".join(answer.context["form"].errors["weight_kg"])
    assert not DoseOrder.objects.exists()


@pytest.mark.parametrize("weight", ["", "0", "9999", "1e2", "80,5"])
@pytest.mark.parametrize("recent", [True, False])
def test_an_infusion_needs_a_plausible_weight(office, infusions, weight, recent):
    if not recent:
        with acting(TESTS):
            BodyMeasure.objects.update(observed_at=timezone.now() - timedelta(days=300))
    answer = send(office, "order", infusions, **OTHER_WEIGHT, weight_kg=weight)
    assert answer.status_code == 200
    assert "weight_kg" in answer.context["form"].errors
    assert "Select a valid choice" not in answer.content.decode()
    assert not DoseOrder.objects.exists()


BEYOND = {"option": "other", "other_mg_per_kg": "0.9", "minutes": "60"}


def test_a_dose_beyond_the_usual_range_needs_a_reason(office, infusions):
    errors = send(office, "order", infusions, **BEYOND).context["form"].errors["reason"]
    assert "0.9 mg/kg is outside the usual 0.1 to 0.75 mg/kg." in errors
    assert "second person" in " ".join(errors)
    assert not DoseOrder.objects.exists()
    assert send(office, "order", infusions, **BEYOND, reason="Responded").status_code == 302


def test_nothing_above_the_clinics_cap_is_ordered(office, infusions):
    policy(infusions, highest_mg=40)
    answer = send(office, "order", infusions, reason="Asked for it")
    assert "above the clinic&#x27;s highest dose of 40 mg" in answer.content.decode()
    assert not DoseOrder.objects.exists()


def test_the_service_does_not_take_a_dose_that_is_not_the_product(infusions, prescriber):
    drip = {"mg_per_kg": Decimal("0.5"), "weight_kg": Decimal("82.5"), "weight_basis": "actual"}
    more = {"infusion_minutes": 40, "concentration_mg_ml": Decimal(1), "reason": "Asked"}
    with pytest.raises(ValidationError, match="are 41.3 mg"):
        order(infusions, 413, by=prescriber, **drip, **more)


def test_stopping_says_how_many_sessions_go_and_shows_why(office, course):
    assert "17 planned sessions" in office.get(url("stop", course)).content.decode()
    assert send(office, "stop", course, reason="Remission").status_code == 302
    assert "Stopped: Remission" in office.get(url("course", course)).content.decode()


def test_a_stale_stop_is_refused_and_can_be_repeated(office, course):
    typed = fields(office.get(url("stop", course)), reason="Remission")
    with acting(TESTS):
        TreatmentCourse.objects.filter(pk=course.pk).update(version=2)
    answer = office.post(url("stop", course), typed)
    assert answer.status_code == 409
    assert "Remission" in answer.content.decode()
    assert office.post(url("stop", course), fields(answer)).status_code == 302


def test_the_rhythm_changes_from_the_page(office, course):
    assert send(office, "rhythm", course, rhythm="2-weekly").status_code == 302
    course.refresh_from_db()
    assert course.rhythm == "2-weekly"


def test_the_page_costs_the_same_for_one_session_and_for_many(
    office, course, clinic, front_desk, django_assert_num_queries, django_assert_max_num_queries
):
    choice = Choice(
        make_patient(clinic, birth_date=date(1990, 1, 1)),
        shipped("ketamine-iv-thrice-weekly"),
        course.starts_on,
        (),
        time(14),
    )
    short = booking.book(choice, by=front_desk)
    for each in (course, short):
        office.get(url("course", each))  # the first look is recorded, the next ones are folded
    with django_assert_max_num_queries(14) as few:
        office.get(url("course", short))
    with django_assert_num_queries(len(few)):
        office.get(url("course", course))


def order(course, mg, *, by, **values):
    return orders.order_dose(course.pk, OrderedDose(Decimal(mg), course.starts_on, **values), by=by)


def test_the_service_itself_knows_what_the_protocol_offers(course, prescriber):
    with pytest.raises(ValidationError, match="Say why another dose"):
        order(course, 28, by=prescriber)
    assert order(course, 28, by=prescriber, reason="Frail").dose_mg == 28
    assert order(course, 56, by=prescriber).reason == ""


def test_an_order_does_not_end_before_it_begins(course, prescriber):
    with pytest.raises(ValidationError) as refused:
        order(course, 56, by=prescriber, valid_until=course.starts_on - timedelta(days=1))
    assert list(refused.value.message_dict) == ["valid_until"]
