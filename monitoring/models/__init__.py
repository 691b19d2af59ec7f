from monitoring.models.discharge import Discharge, DischargeAssessment, Escort
from monitoring.models.predose import PreDoseCheck
from monitoring.models.vitals import AdverseEvent, MissedCheck, VitalSigns

__all__ = [
    "AdverseEvent",
    "Discharge",
    "DischargeAssessment",
    "Escort",
    "MissedCheck",
    "PreDoseCheck",
    "VitalSigns",
]
