"""The REMS Patient Monitoring Form: derived from one session, complete or not, stale or not."""

from monitoring.rems.derive import derive
from monitoring.rems.facts import Concomitant, Decision, Device, Event, Facts, Provider
from monitoring.rems.form import CLASSES, CRITERIA, NO, OBSERVED, YES, Field, Form, Part
from monitoring.rems.stale import Change, changes

__all__ = [
    "CLASSES",
    "CRITERIA",
    "NO",
    "OBSERVED",
    "YES",
    "Change",
    "Concomitant",
    "Decision",
    "Device",
    "Event",
    "Facts",
    "Field",
    "Form",
    "Part",
    "Provider",
    "changes",
    "derive",
]
