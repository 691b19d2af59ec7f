from monitoring.models.calls import CriticalAcknowledgement, WatchAssignment
from monitoring.models.discharge import Discharge, DischargeAssessment, Escort
from monitoring.models.emergencies import Emergency, EmergencyAction
from monitoring.models.emergency_policy import EmergencyPolicy
from monitoring.models.endings import AgainstAdvice, LeftUnnoticed, SearchStep, Transfer
from monitoring.models.events import (
    AdverseEvent,
    AdverseEventFollowUp,
    AdverseEventResolution,
    MissedCheck,
)
from monitoring.models.medicine import MedicationGiven
from monitoring.models.panic import PanicEntry, PanicEpisode
from monitoring.models.policy import PreDosePolicy
from monitoring.models.predose import PreDoseCheck, PregnancyAnswer
from monitoring.models.rems import RemsFiling, RemsForm, RemsPolicy
from monitoring.models.serotonin import SerotoninCheck
from monitoring.models.vitals import VitalSigns
from monitoring.models.way_home import DischargePolicy, WayHomeNote

__all__ = [
    "AdverseEvent",
    "AdverseEventFollowUp",
    "AdverseEventResolution",
    "CriticalAcknowledgement",
    "AgainstAdvice",
    "Discharge",
    "DischargeAssessment",
    "DischargePolicy",
    "Emergency",
    "EmergencyAction",
    "EmergencyPolicy",
    "Escort",
    "MedicationGiven",
    "LeftUnnoticed",
    "MissedCheck",
    "PanicEntry",
    "PanicEpisode",
    "PreDoseCheck",
    "PreDosePolicy",
    "PregnancyAnswer",
    "RemsFiling",
    "RemsForm",
    "RemsPolicy",
    "SearchStep",
    "SerotoninCheck",
    "Transfer",
    "VitalSigns",
    "WatchAssignment",
    "WayHomeNote",
]
