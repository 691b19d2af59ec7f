from monitoring.models.discharge import Discharge, DischargeAssessment, Escort
from monitoring.models.events import AdverseEvent, AdverseEventResolution, MissedCheck
from monitoring.models.predose import PreDoseCheck
from monitoring.models.vitals import VitalSigns
from monitoring.models.way_home import DischargePolicy, WayHomeNote

__all__ = [
    "AdverseEvent",
    "AdverseEventResolution",
    "Discharge",
    "DischargeAssessment",
    "DischargePolicy",
    "Escort",
    "MissedCheck",
    "PreDoseCheck",
    "VitalSigns",
    "WayHomeNote",
]
