from monitoring.models.discharge import Discharge, DischargeAssessment, Escort
from monitoring.models.emergency_policy import EmergencyPolicy
from monitoring.models.events import (
    AdverseEvent,
    AdverseEventFollowUp,
    AdverseEventResolution,
    MissedCheck,
)
from monitoring.models.medicine import MedicationGiven
from monitoring.models.policy import PreDosePolicy
from monitoring.models.predose import PreDoseCheck, PregnancyAnswer
from monitoring.models.serotonin import SerotoninCheck
from monitoring.models.vitals import VitalSigns
from monitoring.models.way_home import DischargePolicy, WayHomeNote

__all__ = [
    "AdverseEvent",
    "AdverseEventFollowUp",
    "AdverseEventResolution",
    "Discharge",
    "DischargeAssessment",
    "DischargePolicy",
    "EmergencyPolicy",
    "Escort",
    "MedicationGiven",
    "MissedCheck",
    "PreDoseCheck",
    "PreDosePolicy",
    "PregnancyAnswer",
    "SerotoninCheck",
    "VitalSigns",
    "WayHomeNote",
]
