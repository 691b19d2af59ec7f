from sessions.models.checking import DoseCheck, DoseWaste
from sessions.models.course import DoseOrder, TreatmentCourse
from sessions.models.dose import Dose, InfusionEvent
from sessions.models.policy import DosingPolicy
from sessions.models.protocol import DoseOption, Protocol, ProtocolPhase
from sessions.models.session import ChairStay, Signature, StatusChange, TreatmentSession
from sessions.models.template import MonitoringCheck, MonitoringTemplate

__all__ = [
    "ChairStay",
    "Dose",
    "DoseCheck",
    "DoseOption",
    "DoseOrder",
    "DoseWaste",
    "DosingPolicy",
    "InfusionEvent",
    "MonitoringCheck",
    "MonitoringTemplate",
    "Protocol",
    "ProtocolPhase",
    "Signature",
    "StatusChange",
    "TreatmentCourse",
    "TreatmentSession",
]
