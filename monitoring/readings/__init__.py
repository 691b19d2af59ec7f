"""What the monitoring rules work on: plain values without database or clock.

Every time is turned into UTC when a value is made, so that durations and comparisons are right on
the night the clocks change; a time without zone is refused. `None` means missing, never normal.
"""

from monitoring.readings.sets import (
    DISSOCIATION_NONE,
    MEASURES,
    MOAAS_BEST,
    BloodPressure,
    Measure,
    Measured,
    Reading,
    ReadingId,
    said,
    utc,
)
from monitoring.readings.template import (
    MOST_MINUTES,
    OPTIONAL,
    PEAK_MINUTE,
    Anchor,
    Check,
    Settings,
    check_of,
)
from monitoring.readings.visit import (
    EARLY,
    Administration,
    Assessment,
    Effect,
    Escort,
    History,
    Medicine,
    first_dose_at,
    last_dose_at,
    observed_until,
)

__all__ = [
    "Administration",
    "Anchor",
    "Assessment",
    "BloodPressure",
    "Check",
    "DISSOCIATION_NONE",
    "EARLY",
    "Effect",
    "Escort",
    "History",
    "MEASURES",
    "MOAAS_BEST",
    "MOST_MINUTES",
    "Measure",
    "Measured",
    "Medicine",
    "OPTIONAL",
    "PEAK_MINUTE",
    "Reading",
    "ReadingId",
    "Settings",
    "check_of",
    "first_dose_at",
    "last_dose_at",
    "observed_until",
    "said",
    "utc",
]
