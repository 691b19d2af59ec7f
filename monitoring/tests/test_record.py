from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinic.audit import acting
from clinic.locks import StaleVersionError
from clinic.models import AuditEvent, User
from clinic.tests.factories import TESTS
from monitoring.services import history, record
from monitoring.services.record import Measured
from monitoring.tests.visits import Visit
from patients.models import Task
from sessions.lifecycle import Status
from sessions.models import Protocol, TreatmentCourse
from sessions.services import signing, steps
from sessions.tests.factories import take_step


def correct(visit: Visit, wrong, **values):
    typed = {"observed_at": wrong.observed_at, "reason": "Digits swapped", "by": visit.nurse}
    measured = Measured(systolic=130, diastolic=80)
    return record.correct_vitals(wrong, measured, **{**typed, **values})


def test_without_a_time_a_set_was_taken_now(visit: Visit) -> None:
    visit.arrive()
    visit.clock.forward(minutes=4)
    assert visit.measure().observed_at == visit.clock.now


def test_a_set_is_on_record_with_its_event(visit: Visit) -> None:
    visit.arrive()
    visit.measure()
    assert AuditEvent.objects.filter(event="vitals.recorded", actor_id=visit.nurse.pk).exists()


def test_nothing_is_measured_before_arrival(visit: Visit) -> None:
    with pytest.raises(ValidationError, match="has not arrived"):
        visit.measure()


def test_times_ahead_and_before_arrival_are_refused(visit: Visit) -> None:
    visit.arrive()
    with pytest.raises(ValidationError, match="lies ahead"):
        visit.measure(at=visit.clock.now + timedelta(minutes=3))
    with pytest.raises(ValidationError, match="before the patient arrived"):
        visit.measure(at=visit.clock.now - timedelta(minutes=3))


def test_an_entry_after_an_hour_says_why(visit: Visit) -> None:
    visit.arrive()
    taken = visit.clock.now
    visit.clock.forward(minutes=61)
    with pytest.raises(ValidationError, match="say why"):
        visit.measure(at=taken)
    assert visit.measure(at=taken, late_reason="Tablet was empty").observed_at == taken


def test_an_empty_set_needs_a_reason(visit: Visit) -> None:
    visit.arrive()
    empty = dict.fromkeys(("systolic", "diastolic", "pulse", "spo2", "respiratory_rate"))
    empty |= {"sedation": None, "dissociation": None}
    with pytest.raises(ValidationError, match="say why nothing was obtained"):
        visit.measure(**empty)
    with pytest.raises(ValidationError, match="say why nothing was obtained"):
        visit.measure(**empty, not_obtained="\u200b")
    assert visit.measure(**empty, not_obtained="Asleep, refused the cuff")


def test_a_rare_value_is_asked_for_once(visit: Visit) -> None:
    visit.arrive()
    with pytest.raises(ValidationError, match="240 is rare") as asked:
        visit.measure(systolic=240, diastolic=100)
    assert "confirmed" in asked.value.error_dict
    assert visit.measure(systolic=240, diastolic=100, confirmed=True)


def test_a_value_outside_the_limits_is_refused_even_when_confirmed(visit: Visit) -> None:
    visit.arrive()
    with pytest.raises(ValidationError, match="can't be"):
        visit.measure(systolic=900, diastolic=90, confirmed=True)


def test_a_correction_supersedes_and_both_stay(visit: Visit) -> None:
    visit.arrive()
    wrong = visit.measure()
    right = correct(visit, wrong)
    known = history.load(visit.fresh())
    assert [row.pk for row in known.vitals] == [wrong.pk, right.pk]
    assert [row.pk for row in known.standing_vitals] == [right.pk]


def test_a_set_is_corrected_once(visit: Visit) -> None:
    visit.arrive()
    wrong = visit.measure()
    correct(visit, wrong)
    with pytest.raises(StaleVersionError):
        correct(visit, wrong)


@pytest.mark.parametrize("reason", ["", "   ", "\u200b\u200b", "–"])
def test_a_correction_says_why(visit: Visit, reason: str) -> None:
    visit.arrive()
    wrong = visit.measure()
    with pytest.raises(ValidationError, match="Say why"):
        correct(visit, wrong, reason=reason)


def test_what_was_entered_in_error_counts_for_nothing(visit: Visit) -> None:
    visit.arrive()
    wrong = visit.measure()
    correct(visit, wrong, entered_in_error=True, reason="Other patient")
    assert history.load(visit.fresh()).history.readings == ()


def test_without_a_monitoring_template_nothing_is_judged(visit: Visit) -> None:
    with acting(TESTS):
        bare = Protocol.objects.create(key="bare", visit_minutes=120)
        TreatmentCourse.objects.filter(pk=visit.course.pk).update(protocol=bare)
    with pytest.raises(ValueError, match="min_minutes_after_last_dose"):
        history.load(visit.fresh())


def test_a_signature_closes_the_record(visit: Visit) -> None:
    visit.be_monitored()
    walk_out(visit)
    signing.sign(visit.pk, by=visit.prescriber, version=visit.fresh().version)
    with pytest.raises(ValidationError, match="is signed"):
        visit.measure(at=visit.clock.now)


def test_what_is_added_after_the_end_makes_the_signing_page_stale(visit: Visit) -> None:
    visit.be_monitored()
    reading = visit.measure()
    walk_out(visit)
    version = visit.fresh().version
    correct(visit, reading)
    with pytest.raises(StaleVersionError):
        signing.sign(visit.pk, by=visit.prescriber, version=version)


def test_the_signature_covers_the_vital_signs(visit: Visit) -> None:
    visit.be_monitored()
    before = signing.content_hash(visit.fresh())
    visit.measure()
    assert signing.content_hash(visit.fresh()) != before


def walk_out(visit: Visit) -> None:
    take_step(visit.pk, Status.LEFT_AGAINST_ADVICE, by=visit.nurse, reason="Wanted to go home")


def test_a_patient_who_walks_out_is_recorded_and_called(visit: Visit) -> None:
    visit.be_monitored()
    walk_out(visit)
    assert visit.status == Status.LEFT_AGAINST_ADVICE
    assert Task.objects.get(kind=Task.Kind.CALL).role == "nurse"


def test_a_chair_is_changed_in_mid_session(visit: Visit) -> None:
    visit.be_monitored()
    stay = steps.sit(visit.pk, by=visit.nurse, place="Quiet room", reason="Noise")
    assert str(stay) == "Quiet room"
    assert visit.fresh().chair == visit.row.chair


def test_the_front_desk_measures_nothing(visit: Visit, front_desk: User) -> None:
    visit.arrive()
    with pytest.raises(PermissionDenied):
        visit.measure(by=front_desk)
