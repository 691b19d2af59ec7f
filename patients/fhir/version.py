"""Telling FHIR R4 from its neighbours: a bundle doesn't name its version, its shapes do."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from patients.fhir.decode import Json
from patients.fhir.report import BundleError

_RETIRED_TYPES = {
    "MedicationOrder": "DSTU2",
    "DiagnosticOrder": "DSTU2",
    "Conformance": "DSTU2",
    "ProcedureRequest": "STU3",
    "ReferralRequest": "STU3",
}
_DECLARED = re.compile(
    r"hl7\.org/fhir/(?:(DSTU2|STU3|R5)|(1)\.0|(3)\.0|(5)\.0)(?:\.\d+)?/", re.IGNORECASE
)
_BY_NUMBER = {"1": "DSTU2", "3": "STU3", "5": "R5"}

Test = Callable[[Any], bool]


def _present(value: Any) -> bool:
    return value is not None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _family_is_list(names: Any) -> bool:
    return any(_is_list(name.get("family")) for name in _objects(names))


def _has_agent(requester: Any) -> bool:
    return _is_object(requester) and "agent" in requester


def _manifestation_has_concept(reactions: Any) -> bool:
    return any(
        "concept" in manifestation
        for reaction in _objects(reactions)
        for manifestation in _objects(reaction.get("manifestation"))
    )


def _objects(values: Any) -> list[Json]:
    return [each for each in values if _is_object(each)] if _is_list(values) else []


# Elements that R4 doesn't have, or has in another shape: (element, test, version).
_SHAPES: dict[str, tuple[tuple[str, Test, str], ...]] = {
    "Patient": (
        ("name", _family_is_list, "DSTU2"),
        ("careProvider", _present, "DSTU2"),
        ("animal", _present, "STU3"),
    ),
    "Condition": (
        ("patient", _present, "DSTU2"),
        ("dateRecorded", _present, "DSTU2"),
        ("clinicalStatus", _is_text, "STU3"),
        ("verificationStatus", _is_text, "STU3"),
        ("assertedDate", _present, "STU3"),
        ("participant", _present, "R5"),
    ),
    "AllergyIntolerance": (
        ("substance", _present, "DSTU2"),
        ("clinicalStatus", _is_text, "STU3"),
        ("verificationStatus", _is_text, "STU3"),
        ("assertedDate", _present, "STU3"),
        ("type", _is_object, "R5"),
        ("participant", _present, "R5"),
        ("reaction", _manifestation_has_concept, "R5"),
    ),
    "MedicationRequest": (
        ("context", _present, "STU3"),
        ("requester", _has_agent, "STU3"),
        ("medication", _present, "R5"),
        ("reason", _present, "R5"),
    ),
    "MedicationStatement": (
        ("patient", _present, "DSTU2"),
        ("wasNotTaken", _present, "DSTU2"),
        ("taken", _present, "STU3"),
        ("medication", _present, "R5"),
        ("reason", _present, "R5"),
        ("adherence", _present, "R5"),
    ),
    "Medication": (
        ("product", _present, "DSTU2"),
        ("isBrand", _present, "STU3"),
        ("package", _present, "STU3"),
        ("doseForm", _present, "R5"),
    ),
    "Observation": (
        ("comments", _present, "DSTU2"),
        ("comment", _present, "STU3"),
        ("context", _present, "STU3"),
        ("related", _present, "STU3"),
        ("triggeredBy", _present, "R5"),
    ),
    "Encounter": (
        ("class", _is_text, "DSTU2"),
        ("class", _is_list, "R5"),
    ),
}


def check_is_r4(resources: Iterable[Json]) -> None:
    """Refuse the file when a type mostly has another version's shape; a single odd one is skipped.

    Half of a type's resources is enough: a file in another version would lose them all.
    """
    total: Counter[str] = Counter()
    foreign: dict[str, Counter[str]] = {}
    for resource in resources:
        resource_type = resource["resourceType"]
        total[resource_type] += 1
        if version := other_version(resource):
            foreign.setdefault(resource_type, Counter())[version] += 1
    for resource_type, versions in foreign.items():
        if 2 * versions.total() >= total[resource_type]:
            raise _not_r4(versions.most_common(1)[0][0], resource_type)


def other_version(resource: Json) -> str | None:
    """Return the version whose mark the resource bears, or None when it may be R4."""
    resource_type = resource["resourceType"]
    if resource_type in _RETIRED_TYPES:
        return _RETIRED_TYPES[resource_type]
    for element, test, version in _SHAPES.get(resource_type, ()):
        if test(resource.get(element)):
            return version
    return _declared(resource)


def _declared(resource: Json) -> str | None:
    meta = resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for profile in profiles if isinstance(profiles, list) else ():
        if isinstance(profile, str) and (match := _DECLARED.search(profile)):
            name = match[match.lastindex or 0]
            return _BY_NUMBER.get(name, name.upper())
    return None


def _not_r4(version: str, resource_type: str) -> BundleError:
    return BundleError(
        "not_r4",
        f"This file is not FHIR R4: its {resource_type} has the shape of FHIR {version}. "
        "Nothing was imported. Ask the sender for an R4 (4.0.1) bundle.",
    )
