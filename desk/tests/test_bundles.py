"""What bundles read as JSON is what the models would have read."""

from collections.abc import Callable
from datetime import time
from decimal import Decimal

import pytest
from django.db.models import OuterRef

from clinic.audit import acting
from clinic.bundles import Bundle, One, Shape, all_fields
from clinic.models import Clinic, Heartbeat, User
from clinic.tests.factories import TESTS
from desk import chart_rows, sheet_rows
from monitoring.services import history
from patients.tests.factories import make_patient
from sessions.models import TreatmentCourse
from sessions.tests.factories import make_course


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(sheet_rows.bundle, id="sheet"),
        pytest.param(sheet_rows.booking_bundle, id="booking"),
        pytest.param(history.bundle, id="record"),
        pytest.param(lambda: chart_rows.bundle("", clinical=True), id="chart"),
        pytest.param(lambda: chart_rows.bundle("", clinical=False), id="chart at the desk"),
    ],
)
def test_every_bundle_knows_all_its_kinds_of_field(build: Callable[[], Bundle]) -> None:
    assert build().parts


def test_a_kind_of_field_that_nobody_thought_of_is_refused() -> None:
    with pytest.raises(TypeError, match="FloatField"):
        Shape(Heartbeat, ["monotonic"], [])


def test_times_of_day_and_json_columns_are_what_was_stored(clinic: Clinic, nurse: User) -> None:
    course = make_course(make_patient(clinic), nurse)
    changes = [{"every": 1.5, "weeks": [1, 2], "note": "“Café”"}]
    with acting(TESTS):
        TreatmentCourse.objects.filter(pk=course.pk).update(
            time_of_day=time(9, 30), rhythm_changes=changes
        )
    itself = TreatmentCourse.objects.filter(pk=OuterRef("pk"))
    part = One(itself, *all_fields(TreatmentCourse))
    found = Bundle(TreatmentCourse, {"course": part}).read(course.pk)["course"]
    assert found.time_of_day == time(9, 30)
    assert found.rhythm_changes == changes
    assert not isinstance(found.rhythm_changes[0]["every"], Decimal)
