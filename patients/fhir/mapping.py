"""Validated FHIR conditions, medicines and allergies as Taper's records."""

from datetime import date
from typing import Any

from patients.fhir.coding import RXNORM, Concept, code_of, concept
from patients.fhir.records import AllergyData, ConditionData, MedicationData
from patients.fhir.report import Unusable
from patients.fhir.text import REACTION, Texts, partial, tomorrow

_FAR_END = date(2200, 1, 1)  # an end may be planned
_CLINICAL = frozenset({"active", "recurrence", "relapse", "inactive", "remission", "resolved"})
_VERIFICATION = frozenset({"unconfirmed", "provisional", "differential", "confirmed"})
_REQUEST_STATUS = frozenset(
    {"active", "on-hold", "cancelled", "completed", "stopped", "draft", "unknown"}
)
_STATEMENT_STATUS = frozenset(
    {"active", "completed", "intended", "stopped", "on-hold", "unknown", "not-taken"}
)
_ALLERGY_CLINICAL = frozenset({"active", "inactive", "resolved"})
_CRITICALITY = frozenset({"low", "high", "unable-to-assess"})
_CATEGORY = frozenset({"food", "medication", "environment", "biologic"})
_NOT_ORDERED = {"proposal", "option"}
_NO_KNOWN_ALLERGY = frozenset(  # SNOMED CT
    {
        "716186003",  # no known allergy
        "160244002",  # the older code for it
        "409137002",  # to drugs
        "429625007",  # to food
        "428607008",  # to the environment
        "428197003",  # to insects
        "716220001",  # to animals
    }
)


def condition(resource: Any, source_id: str, *, today: date, texts: Texts) -> ConditionData:
    verification = _verification(resource.verificationStatus, texts)
    what = concept(resource.code, "condition", texts)
    onset = _start(resource.onsetDateTime, resource.onsetPeriod)
    abated = _end(resource.abatementDateTime, resource.abatementPeriod)
    return ConditionData(
        source_id=source_id,
        text=what.text,
        code=what.code,
        system=what.system,
        clinical_status=code_of(resource.clinicalStatus, _CLINICAL, "clinical status", texts),
        verification_status=verification,
        onset_on=texts.day(onset, "onset", latest=tomorrow(today)),
        abated_on=texts.day(abated, "end", latest=tomorrow(today)),
        dates_note=_note(
            texts,
            partial(onset, "onset"),
            _in_words("onset", resource.onsetAge, resource.onsetString),
            partial(abated, "end"),
            _in_words("end", resource.abatementAge, resource.abatementString),
        ),
    )


def medication_request(
    resource: Any, source_id: str, medicine: Concept, *, today: date, texts: Texts
) -> MedicationData:
    if resource.doNotPerform:
        raise Unusable("says that this medicine must not be given")
    if resource.intent in _NOT_ORDERED:
        raise Unusable("is a proposal, not an order")
    period = _dosage_period(resource.dosageInstruction)
    started = _start(None, period) or resource.authoredOn
    return _medication(
        source_id,
        medicine,
        status=_status(resource.status, _REQUEST_STATUS, texts),
        dosage=_dosage(resource.dosageInstruction, texts),
        started=started,
        stopped=_end(None, period),
        today=today,
        texts=texts,
    )


def medication_statement(
    resource: Any, source_id: str, medicine: Concept, *, today: date, texts: Texts
) -> MedicationData:
    return _medication(
        source_id,
        medicine,
        status=_status(resource.status, _STATEMENT_STATUS, texts),
        dosage=_dosage(resource.dosage, texts),
        started=_start(resource.effectiveDateTime, resource.effectivePeriod),
        stopped=_end(None, resource.effectivePeriod),
        today=today,
        texts=texts,
    )


def medicine_of(medication: Any, texts: Texts) -> Concept:
    """What a Medication resource is: its code, or the names of its ingredients."""
    if medication.status == "entered-in-error":
        raise Unusable("refers to a medicine that the sender entered in error")
    if medication.code is not None:
        return concept(medication.code, "medicine", texts, prefer=RXNORM)
    ingredients = [
        concept(each.itemCodeableConcept, "medicine", texts, prefer=RXNORM)
        for each in medication.ingredient or []
    ]
    if len(ingredients) == 1:
        return ingredients[0]
    if not ingredients:
        raise Unusable("does not say which medicine it is")
    names = texts.line(" / ".join(each.text for each in ingredients), "medicine")
    return Concept(names, "", "")


def allergy(resource: Any, source_id: str, *, texts: Texts) -> AllergyData:
    verification = _verification(resource.verificationStatus, texts)
    what = _allergen(resource, texts)
    if what.code in _NO_KNOWN_ALLERGY:
        raise Unusable("states that no allergy is known, which is not an allergy")
    categories = [each for each in resource.category or [] if each in _CATEGORY]
    return AllergyData(
        source_id=source_id,
        text=what.text,
        code=what.code,
        system=what.system,
        criticality=resource.criticality if resource.criticality in _CRITICALITY else "",
        category=", ".join(categories),
        status=code_of(resource.clinicalStatus, _ALLERGY_CLINICAL, "clinical status", texts),
        verification_status=verification,
        reaction=_reactions(resource.reaction or [], texts),
    )


def _allergen(resource: Any, texts: Texts) -> Concept:
    substances = [each.substance for each in resource.reaction or [] if each.substance]
    return concept(resource.code or (substances or [None])[0], "allergy", texts)


def _reactions(reactions: list[Any], texts: Texts) -> str:
    described = []
    for reaction in reactions:
        names = [concept(each, "reaction", texts).text for each in reaction.manifestation]
        severity = f" ({reaction.severity})" if reaction.severity else ""
        described.append(", ".join(names) + severity)
    return texts.line("; ".join(described), "reaction", limit=REACTION)


def _verification(value: Any, texts: Texts) -> str:
    codes = {each.code for each in (value.coding or [])} if value else set()
    if "entered-in-error" in codes:
        raise Unusable("was entered in error, says the sender")
    if "refuted" in codes:
        raise Unusable("was ruled out (refuted), says the sender")
    return code_of(value, _VERIFICATION, "verification status", texts)


def _status(value: str | None, allowed: frozenset[str], texts: Texts) -> str:
    if value == "entered-in-error":
        raise Unusable("was entered in error, says the sender")
    if value in allowed:
        return value or "unknown"
    texts.note("status: not a value that FHIR R4 knows, taken as unknown")
    return "unknown"


def _medication(
    source_id: str,
    medicine: Concept,
    *,
    status: str,
    dosage: str,
    started: Any,
    stopped: Any,
    today: date,
    texts: Texts,
) -> MedicationData:
    return MedicationData(
        source_id=source_id,
        text=medicine.text,
        code=medicine.code,
        system=medicine.system,
        status=status,
        dosage=dosage,
        started_on=texts.day(started, "start", latest=_FAR_END),
        stopped_on=texts.day(stopped, "end", latest=_FAR_END),
        dates_note=_note(texts, partial(started, "start"), partial(stopped, "end")),
    )


def _dosage(dosages: list[Any] | None, texts: Texts) -> str:
    lines = [each.text or each.patientInstruction for each in dosages or []]
    return texts.line("; ".join(line for line in lines if line), "dosage")


def _dosage_period(dosages: list[Any] | None) -> Any:
    for dosage in dosages or []:
        repeat = dosage.timing.repeat if dosage.timing else None
        if repeat and repeat.boundsPeriod:
            return repeat.boundsPeriod
    return None


def _start(moment: Any, period: Any) -> Any:
    return moment or (period.start if period else None)


def _end(moment: Any, period: Any) -> Any:
    return moment or (period.end if period else None)


def _in_words(what: str, age: Any, text: str | None) -> str:
    if age is not None and age.value is not None:
        return f"{what}: at age {age.value:f} {age.unit or age.code or ''}".strip()
    return f"{what}: {text}" if text else ""


def _note(texts: Texts, *parts: str) -> str:
    return texts.line("; ".join(part for part in parts if part), "dates")
