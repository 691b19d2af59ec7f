from clinic.models.people import Clinic, Membership, User
from clinic.models.places import Chair, Closure, OpeningHours, Room
from clinic.models.policy import Policy
from clinic.models.presence import HandOver, OnSite, PresencePolicy
from clinic.models.rems import PrescriberEnrolment, RemsCertification
from clinic.models.trail import AuditEvent, AuditSeal, Entry, Heartbeat

__all__ = [
    "AuditEvent",
    "AuditSeal",
    "Chair",
    "Clinic",
    "Closure",
    "Entry",
    "HandOver",
    "Heartbeat",
    "Membership",
    "OnSite",
    "OpeningHours",
    "Policy",
    "PrescriberEnrolment",
    "PresencePolicy",
    "RemsCertification",
    "Room",
    "User",
]
