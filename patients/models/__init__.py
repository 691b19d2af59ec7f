from patients.models.chart import Allergy, BodyMeasure, Condition, Medication
from patients.models.consent import Consent, EmailContact, SafetyScreen
from patients.models.draft import ImportDraft
from patients.models.patient import Identifier, Patient
from patients.models.task import Task

__all__ = [
    "Allergy",
    "BodyMeasure",
    "Condition",
    "Consent",
    "EmailContact",
    "Identifier",
    "ImportDraft",
    "Medication",
    "Patient",
    "SafetyScreen",
    "Task",
]
