from datetime import UTC, date, datetime

from clinic.models import Clinic
from clinic.times import day_bounds


def test_days_begin_and_end_at_the_clinics_midnight_also_when_the_clocks_change() -> None:
    bounds = day_bounds(Clinic(time_zone="Europe/Berlin"), date(2026, 10, 24), date(2026, 10, 25))
    assert bounds == (
        datetime(2026, 10, 23, 22, tzinfo=UTC),
        datetime(2026, 10, 25, 23, tzinfo=UTC),
    )
