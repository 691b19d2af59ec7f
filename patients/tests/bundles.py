"""Small FHIR bundles of our own, as other systems would send them."""

import json
from datetime import date
from typing import Any

from patients.fhir.reader import BundleReading, read_bundle
from patients.fhir.records import PatientRecord

TODAY = date(2026, 3, 2)
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"

Json = dict[str, Any]


def _with(resource: Json, changes: Json) -> Json:
    """A None takes the element away."""
    return {name: value for name, value in {**resource, **changes}.items() if value is not None}


def patient(**changes: Any) -> Json:
    resource = {
        "resourceType": "Patient",
        "id": "p1",
        "name": [{"use": "official", "family": "O'Hara42", "given": ["Mary", "Ann7"]}],
        "gender": "female",
        "birthDate": "1980-05-17",
    }
    return _with(resource, changes)


def condition(**changes: Any) -> Json:
    resource = {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/p1"},
        "clinicalStatus": coded(
            "active", "http://terminology.hl7.org/CodeSystem/condition-clinical"
        ),
        "verificationStatus": coded(
            "confirmed", "http://terminology.hl7.org/CodeSystem/condition-ver-status"
        ),
        "code": {**coded("370143000", SNOMED), "text": "Major depressive disorder"},
        "onsetDateTime": "2019-02-03",
    }
    return _with(resource, changes)


def medication_request(**changes: Any) -> Json:
    resource = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {**coded("312938", RXNORM), "text": "Sertraline 50 MG"},
        "authoredOn": "2024-01-05",
    }
    return _with(resource, changes)


def medication_statement(**changes: Any) -> Json:
    resource = {
        "resourceType": "MedicationStatement",
        "id": "m1",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": "Lithium 300 mg"},
        "effectivePeriod": {"start": "2023-06-01", "end": "2023-09-01"},
    }
    return _with(resource, changes)


def allergy(**changes: Any) -> Json:
    resource = {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "patient": {"reference": "Patient/p1"},
        "clinicalStatus": coded("active", "any"),
        "category": ["medication"],
        "criticality": "high",
        "code": {"text": "Penicillin"},
        "reaction": [{"manifestation": [{"text": "Hives"}], "severity": "severe"}],
    }
    return _with(resource, changes)


def weight(value: Any = 80, unit: str | None = "kg", **changes: Any) -> Json:
    return _measure("29463-7", {"value": value, "unit": unit}, {"id": "w1", **changes})


def height(value: Any = 170, unit: str | None = "cm", **changes: Any) -> Json:
    return _measure("8302-2", {"value": value, "unit": unit}, {"id": "h1", **changes})


def _measure(code: str, quantity: Json, changes: Json) -> Json:
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": coded(code, LOINC),
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2025-11-02T09:30:00+01:00",
        "valueQuantity": quantity,
    }
    return _with(resource, changes)


def coded(code: str, system: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def bundle(*resources: Json, kind: str = "collection", **changes: Any) -> Json:
    entries = [{"resource": each} for each in resources]
    return _with({"resourceType": "Bundle", "type": kind, "entry": entries}, changes)


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def read(*resources: Json) -> BundleReading:
    """Read the resources as one bundle, with the usual Patient unless they bring their own."""
    own = any(each["resourceType"] == "Patient" for each in resources)
    everything = resources if own else (patient(), *resources)
    return read_bundle(encoded(bundle(*everything)), today=TODAY)


def record(*resources: Json) -> PatientRecord:
    (only,) = read(*resources).patients
    return only


def reason(resource: Json) -> str:
    """Why the resource was left out, in a bundle whose Patient is taken all the same."""
    reading = read(patient(), resource)
    assert len(reading.patients) == 1
    (skipped,) = reading.skipped
    return skipped.reason
