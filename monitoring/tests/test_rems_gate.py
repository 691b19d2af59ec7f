"""Where REMS applies, and what it asks for before a dose (INV-2)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from clinic import presence
from clinic.audit import acting
from clinic.models import Clinic, PrescriberEnrolment, RemsCertification, User
from clinic.tests.factories import TESTS
from monitoring.tests.visits import Visit
from patients.models import RemsEnrolment
from patients.services import enrolment
from sessions import rems
from sessions.models import Protocol, TreatmentSession
from sessions.services import authorization
from sessions.tests.rems import enrol_patient, make_certified, make_enrolled

CODES = {"rems_site", "rems_patient", "rems_prescriber", "on_site"}


@pytest.mark.parametrize("jurisdiction", ["US", "EU", ""])
@pytest.mark.parametrize("drug", ["esketamine", "ketamine"])
@pytest.mark.parametrize("route", ["nasal", "iv"])
@pytest.mark.parametrize(("certified", "inpatient"), [(1, 0), (1, 1), (0, 0), (0, 1)])
def test_rems_is_for_nasal_esketamine_by_a_us_protocol_for_outpatients(
    jurisdiction: str, drug: str, route: str, certified: int, inpatient: int
) -> None:
    clinic = Clinic(rems_certified=bool(certified), inpatient=bool(inpatient))
    plan = Protocol(jurisdiction=jurisdiction, drug=drug, route=route)
    expected = (jurisdiction, drug, route, certified, inpatient) == (
        "US",
        "esketamine",
        "nasal",
        1,
        0,
    )
    assert rems.applies(clinic, plan) is expected


@pytest.mark.parametrize("flag", ["rems_certified", "inpatient"])
@pytest.mark.parametrize("key", ["esketamine-trd-us", "esketamine-trd-eu"])
def test_sessions_are_found_by_the_same_rule(
    nurse: User, prescriber: User, clock, flag: str, key: str
) -> None:
    visit = Visit(nurse, prescriber, clock, key=key)
    with acting(TESTS):
        Clinic.objects.update(**{flag: True})
    row = visit.fresh()
    found = TreatmentSession.objects.filter(rems.sessions_under_rems()).exists()
    assert found is rems.applies(row.clinic, row.course.protocol)
    assert found is (flag == "rems_certified" and key == "esketamine-trd-us")


def unmet(visit: Visit) -> set[str]:
    row = visit.fresh()
    return {found.code for found in authorization.missing(row, visit.clock.now)} & CODES


def test_a_clinic_without_rems_is_asked_for_nothing(visit: Visit) -> None:
    assert unmet(visit) == set()


def test_everything_that_lacks_is_named(visit: Visit) -> None:
    make_certified(visit.row.clinic, record=False)
    assert unmet(visit) == CODES


def test_with_all_on_record_the_dose_is_authorised(visit: Visit) -> None:
    make_enrolled(visit)
    assert unmet(visit) == set()
    visit.be_monitored()
    assert visit.status == "monitoring"


def test_the_infusion_at_the_same_clinic_is_not_asked(nurse: User, prescriber: User, clock) -> None:
    order = {"infusion_minutes": 40, "concentration_mg_ml": 1, "mg": 35}
    visit = Visit(nurse, prescriber, clock, key="ketamine-iv-twice-weekly", order=order)
    make_certified(visit.row.clinic, record=False)
    assert unmet(visit) == set()


def test_without_enrolment_no_device_is_authorised_and_what_was_given_is_recorded(
    visit: Visit,
) -> None:
    visit.be_cleared()
    make_certified(visit.row.clinic, record=False)
    with pytest.raises(ValidationError, match="Not enrolled in REMS"):
        visit.device()
    visit.device(outside_gate=True, reason="It was given")
    assert visit.status == "dosing"


def test_when_the_prescriber_leaves_the_next_device_waits(visit: Visit) -> None:
    make_enrolled(visit)
    visit.be_cleared()
    visit.device()
    stay = presence.read(visit.row.clinic_id, visit.clock.now).here[0]
    presence.leave(stay.pk, by=visit.prescriber, reason="Taken ill")
    visit.clock.forward(minutes=5)
    with pytest.raises(ValidationError, match="prescriber on site"):
        visit.device()


def test_a_silent_prescriber_is_not_on_site(visit: Visit) -> None:
    make_enrolled(visit)
    visit.clock.forward(minutes=241)
    assert unmet(visit) == {"on_site"}


@pytest.mark.parametrize(
    ("model", "field", "code"),
    [
        (RemsCertification, "expires_on", "rems_site"),
        (PrescriberEnrolment, "ended_on", "rems_prescriber"),
    ],
)
def test_what_has_ended_does_not_count(visit: Visit, model, field: str, code: str) -> None:
    make_enrolled(visit)
    yesterday = visit.clock.now.date() - timedelta(days=1)
    with acting(TESTS):
        model.objects.update(**{field: yesterday})
    assert unmet(visit) == {code}


def test_an_enrolment_that_was_ended_does_not_count(visit: Visit) -> None:
    make_enrolled(visit)
    row = RemsEnrolment.objects.get()
    enrolment.end(row.pk, ended_on=visit.clock.now.date(), reason="Moves", by=visit.nurse)
    assert unmet(visit) == {"rems_patient"}
    enrol_patient(visit.patient, visit.prescriber, visit.clock.now.date())
    assert unmet(visit) == set()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": " "}, "number"),
        ({"enrolled_on": date(2099, 1, 1)}, "enrolled_on"),
        ({"enrolled_on": date(2026, 11, 1)}, "enrolled_on"),
        ({"patient_signed_on": date(1970, 1, 1)}, "patient_signed_on"),
    ],
)
def test_an_enrolment_that_cannot_be_is_refused(visit: Visit, changes: dict, field: str) -> None:
    day = date(2026, 11, 20)
    values = {
        "enrolled_on": day,
        "number": "P-1",
        "patient_signed_on": day,
        "prescriber": visit.prescriber,
        "prescriber_signed_on": day,
    }
    with pytest.raises(ValidationError) as refused:
        enrolment.enrol(
            visit.patient.pk, enrolment.Enrolled(**{**values, **changes}), by=visit.nurse
        )
    assert set(refused.value.error_dict) == {field}


def test_nobody_is_enrolled_twice(visit: Visit) -> None:
    make_enrolled(visit)
    day = visit.clock.now.date()
    twice = enrolment.Enrolled(
        enrolled_on=day,
        number="P-2",
        patient_signed_on=day,
        prescriber=visit.prescriber,
        prescriber_signed_on=day,
    )
    with pytest.raises(ValidationError, match="enrolled already"):
        enrolment.enrol(visit.patient.pk, twice, by=visit.nurse)
