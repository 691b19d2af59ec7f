from monitoring.models.discharge import Discharge, DischargeAssessment, Escort
from monitoring.models.events import AdverseEvent, AdverseEventResolution, MissedCheck
from monitoring.models.predose import PreDoseCheck
from monitoring.models.vitals import VitalSigns

__all__ = [
    "AdverseEvent",
    "AdverseEventResolution",
    "Discharge",
    "DischargeAssessment",
    "Escort",
    "MissedCheck",
    "PreDoseCheck",
    "VitalSigns",
]
