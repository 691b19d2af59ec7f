from patients.models.chart import Allergy, BodyMeasure, Condition, Medication
from patients.models.consent import Consent, ConsentSignature, EmailContact, SafetyScreen
from patients.models.consent_template import ConsentTemplate
from patients.models.draft import ImportDraft
from patients.models.hold import MailHold
from patients.models.medicine import MedicineReview
from patients.models.patient import Identifier, Patient
from patients.models.policy import PatientPolicy
from patients.models.rems import RemsEnrolment
from patients.models.screening import ScreenFinding, ScreenPolicy
from patients.models.task import Task

__all__ = [
    "Allergy",
    "BodyMeasure",
    "Condition",
    "Consent",
    "ConsentSignature",
    "ConsentTemplate",
    "EmailContact",
    "Identifier",
    "ImportDraft",
    "MailHold",
    "Medication",
    "MedicineReview",
    "Patient",
    "PatientPolicy",
    "RemsEnrolment",
    "SafetyScreen",
    "ScreenFinding",
    "ScreenPolicy",
    "Task",
]
