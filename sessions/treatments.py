"""The treatment as the rules of interaction see it: which drug, by which route."""

from patients.medicines.interactions import Context
from patients.models import Patient
from sessions.models import Protocol, TreatmentCourse


def treatments_of(patient: Patient) -> list[Context]:
    """Return the treatments of the patient's running courses."""
    running = TreatmentCourse.objects.filter(patient=patient, status=TreatmentCourse.Status.ACTIVE)
    pairs = running.order_by().values_list("protocol__drug", "protocol__route").distinct()
    return [Context(drug, route) for drug, route in pairs]


def context_of(protocol: Protocol) -> Context:
    return Context(protocol.drug, protocol.route)
