"""Files as a whole: what is refused and in which words, what is counted, whose things are whose."""

import contextlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.fhir.reader import BundleError, Limits, read_bundle
from patients.tests.bundles import (
    TODAY,
    allergy,
    bundle,
    coded,
    condition,
    encoded,
    medication_request,
    medication_statement,
    patient,
    read,
    record,
    weight,
)

SAMPLES = Path(
    os.environ.get("TAPER_FHIR_SAMPLES", Path(__file__).parents[3] / "shared" / "data" / "fhir")
)


def refused(data: bytes, **kwargs: Any) -> BundleError:
    with pytest.raises(BundleError) as caught:
        read_bundle(data, today=TODAY, **kwargs)
    return caught.value


def test_sample_bundles_are_read_whole_and_fast():
    files = sorted(SAMPLES.glob("*.json"))
    if not files:
        pytest.skip(f"no sample bundles in {SAMPLES}")
    started = time.perf_counter()
    readings = [read_bundle(file.read_bytes(), today=TODAY) for file in files]
    assert time.perf_counter() - started < 5
    assert all(len(reading.patients) == 1 for reading in readings)
    assert [reading.skipped for reading in readings if reading.skipped] == []
    for reading in readings:
        for name in ("Condition", "MedicationRequest", "AllergyIntolerance"):
            assert reading.taken.get(name, 0) == reading.found.get(name, 0)
        assert reading.patients[0].latest_weight
        assert reading.patients[0].latest_height


# --- bytes and JSON


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "empty", "empty"),
        (b" \n\t ", "empty", "empty"),
        (b"<?xml version='1.0'?><Bundle/>", "xml", "XML"),
        (b"\xef\xbb\xbf  <html></html>", "xml", "web page"),
        (b"PK\x03\x04rest", "compressed", "Unpack"),
        (b"\x1f\x8brest", "compressed", "Unpack"),
        ('{"a": 1}'.encode("utf-16"), "encoding", "UTF-8"),
        ('{"a": 1}'.encode("utf-16-le"), "encoding", "UTF-8"),
        ('{"a": "é"}'.encode("latin-1"), "encoding", "UTF-8"),
        (b'{"a": 1}\n{"b": 2}\n', "ndjson", "NDJSON"),
        (b'{"a": ', "not_json", "ends in the middle"),
        (b'{\n"a": nope}', "not_json", "line 2"),
        (b'{"a": "x\x00y"}', "not_json", "not valid JSON"),
        (b'{"a": 1, "a": 2}', "duplicate_key", "twice"),
        (b'{"a": NaN}', "bad_number", "NaN"),
        (b'{"a": -Infinity}', "bad_number", "Infinity"),
        (b'{"a": %s}' % (b"9" * 5000), "bad_number", "number"),
        (b"[1, 2]", "not_fhir", "not a FHIR resource"),
        (b'"text"', "not_fhir", "not a FHIR resource"),
        (b"{}", "not_fhir", "not a FHIR resource"),
        (b'{"resourceType": "<b>"}', "not_fhir", "not a FHIR resource"),
        (b'{"resourceType": 5}', "not_fhir", "not a FHIR resource"),
        (b'{"resourceType": "Observation"}', "not_a_bundle", "of the type Observation"),
    ],
)
def test_what_is_not_fhir_json_is_refused_in_plain_words(data, code, words):
    error = refused(data)
    assert error.code == code
    assert words in error.message


def test_a_byte_order_mark_is_no_obstacle():
    data = b"\xef\xbb\xbf" + encoded(bundle(patient()))
    assert read_bundle(data, today=TODAY).patients


def test_a_file_over_ten_megabytes_is_refused():
    error = refused(b" " * 9_999_999 + b"{}")
    assert error.code == "too_large"
    assert "10 MB" in error.message


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":' * 100_000,
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 70 + b"1" + b"}" * 70,
        b"[" * 500_000,
    ],
)
def test_deep_nesting_is_refused(data):
    assert refused(data).code in {"too_deep", "not_json"}


def test_nesting_is_measured_at_the_limit():
    assert refused(b'{"a":' * 64 + b"1" + b"}" * 64).code == "too_deep"
    assert refused(b'{"a":' * 63 + b"1" + b"}" * 63).code == "not_fhir"


@pytest.mark.parametrize(
    "data",
    [b"[" + b"[]," * 3_000_000 + b"[]]", b'{"a":' * 1_900_000, b"[" + b"1," * 4_000_000 + b"1]"],
)
def test_bombs_are_refused_before_they_are_parsed(data):
    started = time.perf_counter()
    assert refused(data).code == "too_many_values"
    assert time.perf_counter() - started < 2


def test_more_entries_than_the_limit_are_refused():
    data = encoded(bundle(patient(), condition(), condition(id="c2")))
    assert refused(data, limits=Limits(entries=2)).code == "too_many_entries"
    assert read_bundle(data, today=TODAY, limits=Limits(entries=3)).patients


def test_a_resource_of_absurd_size_is_not_validated():
    telecom = [{"system": "phone", "value": str(number)} for number in range(5000)]
    error = refused(encoded(bundle(patient(telecom=telecom))))
    assert error.code == "bad_patient"
    assert "larger" in error.message


# --- bundles


@pytest.mark.parametrize(
    "kind",
    ["collection", "searchset", "transaction", "batch", "document", "message", "batch-response"],
)
def test_every_kind_of_bundle_is_read(kind):
    data = encoded(bundle(patient(), condition(), kind=kind))
    assert len(read_bundle(data, today=TODAY).patients[0].conditions) == 1


def test_a_patient_alone_is_read():
    (only,) = read_bundle(encoded(patient()), today=TODAY).patients
    assert only.patient.family_name == "O'Hara42"


def test_a_bundle_in_a_bundle_is_read():
    inner = bundle(condition(), kind="searchset")
    assert len(record(patient(), inner).conditions) == 1


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (bundle(), "no_patient"),
        (bundle(entry=None), "no_patient"),
        (bundle(condition()), "no_patient"),
        (bundle(patient(), kind="history"), "bundle_type"),
        (bundle(patient(), kind="nonsense"), "bundle_type"),
        (bundle(patient(), type=["collection"]), "bundle_type"),
        (bundle(patient(), type=None), "bundle_type"),
        (bundle(entry={"resource": patient()}), "broken_bundle"),
        (bundle(entry="text"), "broken_bundle"),
    ],
)
def test_bundles_that_cannot_hold_a_record_are_refused(document, code):
    data = encoded(document)
    assert refused(data).code == code


def test_odd_entries_are_reported_and_cost_nothing_else():
    odd: list[Any] = [
        None,
        5,
        {},
        {"resource": "text"},
        {"resource": {}},
        {"resource": {"resourceType": 1}},
    ]
    document = bundle(entry=[*odd, {"resource": patient()}])
    reading = read_bundle(encoded(document), today=TODAY)
    assert len(reading.patients) == 1
    assert [each.reason for each in reading.skipped] == ["an entry that is not a FHIR resource"] * 3
    assert [each.text for each in reading.notices] == ["3 entries hold no resource"]


def test_an_entry_that_deletes_is_not_read():
    entries = [
        {"resource": patient()},
        {"resource": condition(), "request": {"method": "DELETE", "url": "Condition/c1"}},
    ]
    reading = read_bundle(encoded(bundle(entry=entries)), today=TODAY)
    assert reading.patients[0].conditions == ()
    assert "delete" in reading.skipped[0].reason


def test_a_page_of_a_longer_answer_says_so():
    document = bundle(patient(), kind="searchset", link=[{"relation": "next", "url": "http://x"}])
    (notice,) = read_bundle(encoded(document), today=TODAY).notices
    assert "one page" in notice.text


def test_resource_types_that_are_not_used_are_counted():
    claims = [{"resourceType": "Claim", "broken": True}] * 3
    pulse = {**weight(), "id": "o2", "code": coded("8867-4", "http://loinc.org")}
    lines = {line.resource_type: line for line in read(*claims, pulse, weight()).lines}
    assert lines["Claim"].reasons == (("not used by Taper", 3),)
    assert (lines["Observation"].found, lines["Observation"].taken) == (2, 1)
    assert lines["Observation"].reasons == (("not used by Taper", 1),)


def test_the_report_starts_with_what_was_taken_and_skipped():
    reading = read({"resourceType": "Account"}, condition(code=None), patient())
    assert [line.resource_type for line in reading.lines] == ["Patient", "Condition", "Account"]


# --- one bad resource


@pytest.mark.parametrize(
    "bad",
    [
        condition(subject=None),
        condition(subject=5),
        condition(code=["x"]),
        condition(onsetDateTime="yesterday"),
        condition(onsetDateTime="2020-13-45"),
        condition(recordedDate={"a": 1}),
        medication_request(status=None),
        medication_request(medicationCodeableConcept=None),
        medication_request(dosageInstruction="text"),
        medication_statement(effectivePeriod="text"),
        allergy(patient=None),
        allergy(reaction=[{}]),
        weight(value="heavy"),
        weight(value=True),
        weight(component=7, effectiveDateTime="soon"),
    ],
)
def test_one_bad_resource_is_skipped_and_the_patient_kept(bad):
    reading = read(patient(), condition(id="good"), bad)
    assert len(reading.patients[0].conditions) == 1
    (skipped,) = reading.skipped
    assert skipped.resource_type == bad["resourceType"]
    assert skipped.reason


def test_reasons_repeat_nothing_from_the_file():
    secret = "Mary O'Hara 999-12-3456"
    for bad in (
        condition(onsetDateTime=secret),
        condition(**{secret: secret}),
        condition(code={"coding": [{secret: secret}]}),
        weight(value=secret),
    ):
        (skipped,) = read(patient(), bad).skipped
        assert "O'Hara" not in skipped.reason
        assert "999" not in skipped.reason


def test_faults_in_what_is_never_read_cost_nothing():
    reading = read(
        patient(text={"div": 5}, photo="x", extension=[{"valueUri": "javascript:alert(1)"}]),
        condition(text="<script>", contained=[{"resourceType": "Nonsense"}], meta=3),
    )
    assert reading.skipped == ()
    assert len(reading.patients[0].conditions) == 1


def test_a_modifier_that_is_not_understood_is_not_ignored():
    extension = [{"url": "http://example.org/negated", "valueBoolean": True}]
    (skipped,) = read(patient(), condition(modifierExtension=extension)).skipped
    assert "modifier" in skipped.reason


# --- references


UUID = "6f1c64a4-0b0e-4a43-9d0e-1f3c7a0f6d11"


@pytest.mark.parametrize(
    ("full_url", "patient_id", "reference"),
    [
        (f"urn:uuid:{UUID}", None, f"urn:uuid:{UUID}"),
        (f"urn:uuid:{UUID}", UUID, f"Patient/{UUID}"),
        (None, UUID, f"urn:uuid:{UUID}"),
        (None, "p1", "Patient/p1"),
        (None, "p1", "Patient/p1/_history/3"),
        (None, "p1", "https://a.example/fhir/Patient/p1"),
        ("https://a.example/fhir/Patient/p1", "p1", "Patient/p1"),
        ("https://a.example/fhir/Patient/p1", None, "https://a.example/fhir/Patient/p1"),
        ("https://a.example/fhir/Patient/p1", "p1", "https://a.example/fhir/Patient/p1/_history/2"),
        ("urn:uuid:" + UUID, "p1", "Patient?identifier=http://mrn|77"),
    ],
)
def test_a_reference_finds_the_patient(full_url, patient_id, reference):
    person = patient(id=patient_id, identifier=[{"system": "http://mrn", "value": "77"}])
    entries = [
        {"fullUrl": full_url, "resource": person},
        {"resource": condition(subject={"reference": reference})},
    ]
    (only,) = read_bundle(encoded(bundle(entry=entries)), today=TODAY).patients
    assert len(only.conditions) == 1


def test_a_reference_by_identifier_finds_the_patient():
    identifier = {"system": "http://mrn", "value": "77"}
    taken = record(patient(identifier=[identifier]), condition(subject={"identifier": identifier}))
    assert len(taken.conditions) == 1


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/other"},
        {"reference": "Group/p1"},
        {"reference": "https://b.example/fhir/Patient/p1"},
        {"reference": "#p1"},
        {"reference": "::::"},
        {"display": "Mary O'Hara42"},
    ],
)
def test_what_belongs_to_nobody_in_the_file_is_skipped(subject):
    entries = [
        {"fullUrl": "https://a.example/fhir/Patient/p1", "resource": patient()},
        {"resource": condition(subject=subject)},
    ]
    reading = read_bundle(encoded(bundle(entry=entries)), today=TODAY)
    assert "belongs to nobody" in reading.skipped[0].reason


def test_several_patients_keep_their_own():
    reading = read(
        patient(),
        patient(id="p2", name=[{"family": "Second"}]),
        condition(),
        allergy(patient={"reference": "Patient/p2"}),
    )
    first, second = reading.patients
    assert (len(first.conditions), len(first.allergies)) == (1, 0)
    assert (len(second.conditions), len(second.allergies)) == (0, 1)


def test_the_same_id_at_two_servers_is_two_people():
    entries = [
        {
            "fullUrl": f"https://{host}.example/Patient/p1",
            "resource": patient(name=[{"family": host}]),
        }
        for host in ("a", "b")
    ]
    entries.append({"fullUrl": "https://b.example/Condition/c1", "resource": condition()})
    first, second = read_bundle(encoded(bundle(entry=entries)), today=TODAY).patients
    assert first.patient.source_id != second.patient.source_id
    assert (len(first.conditions), len(second.conditions)) == (0, 1)


def test_two_different_patients_under_one_id_are_refused():
    error = refused(encoded(bundle(patient(), patient(birthDate="1990-01-01"))))
    assert error.code == "bad_patient"


def test_the_same_patient_twice_is_one():
    assert len(read(patient(), patient()).patients) == 1


def test_a_resource_that_appears_twice_counts_once():
    reading = read(patient(), condition(), condition(), condition(id="c2"))
    assert len(reading.patients[0].conditions) == 2
    assert "twice" in reading.skipped[0].reason


def test_source_ids_are_the_same_on_a_second_reading():
    resources = (patient(), condition(id=None), medication_request(), weight(id=None))
    assert read(*resources) == read(*resources)
    assert record(*resources).conditions[0].source_id.startswith("content:")


def test_an_order_and_a_statement_with_the_same_id_stay_apart():
    medications = record(medication_request(id="1"), medication_statement(id="1")).medications
    assert {each.source_id for each in medications} == {
        "MedicationRequest/1",
        "MedicationStatement/1",
    }


# --- other versions


@pytest.mark.parametrize(
    ("resource", "version"),
    [
        (patient(name=[{"family": ["Old"]}]), "DSTU2"),
        (patient(careProvider=[{"reference": "x"}]), "DSTU2"),
        (patient(animal={"species": {}}), "STU3"),
        (patient(meta={"profile": ["http://hl7.org/fhir/STU3/patient.html"]}), "STU3"),
        (patient(meta={"profile": ["http://hl7.org/fhir/5.0/StructureDefinition/Patient"]}), "R5"),
        ({"resourceType": "MedicationOrder"}, "DSTU2"),
        (condition(subject=None, patient={"reference": "Patient/p1"}), "DSTU2"),
        (condition(clinicalStatus="active"), "STU3"),
        (condition(assertedDate="2019-01-01"), "STU3"),
        (condition(participant=[{"actor": {}}]), "R5"),
        (allergy(clinicalStatus="active", verificationStatus="confirmed"), "STU3"),
        (allergy(type={"text": "allergy"}), "R5"),
        (allergy(reaction=[{"manifestation": [{"concept": {"text": "Hives"}}]}]), "R5"),
        (medication_request(context={"reference": "Encounter/1"}), "STU3"),
        (medication_request(requester={"agent": {"reference": "x"}}), "STU3"),
        (
            medication_request(
                medicationCodeableConcept=None, medication={"concept": {"text": "x"}}
            ),
            "R5",
        ),
        (medication_statement(taken="y"), "STU3"),
        (weight(context={"reference": "Encounter/1"}), "STU3"),
        ({"resourceType": "Encounter", "class": [coded("AMB", "any")]}, "R5"),
    ],
)
def test_another_version_of_fhir_is_named_and_refused(resource, version):
    others = [] if resource["resourceType"] == "Patient" else [patient()]
    error = refused(encoded(bundle(*others, resource)))
    assert error.code == "not_r4"
    assert version in error.message
    assert "R4" in error.message


def test_one_resource_of_another_shape_among_many_is_only_skipped():
    odd = condition(id="odd", clinicalStatus="active")
    reading = read(patient(), condition(), condition(id="c2"), odd)
    assert len(reading.patients[0].conditions) == 2
    assert "STU3" in reading.skipped[0].reason


def test_profiles_of_other_guides_do_not_count_as_a_version():
    profile = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|3.1.1"
    assert read(patient(meta={"profile": [profile, 7]})).patients


# --- anything at all


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
MAKERS: list[Callable[..., dict[str, Any]]] = [
    patient,
    condition,
    medication_request,
    medication_statement,
    allergy,
    weight,
]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a document."""
    found = [path] if path else []
    if isinstance(value, dict):
        children: Any = value.items()
    else:
        children = enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found += paths(child, (*path, key))
    return found


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(document))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


@given(st.data(), SHAPES)
def test_any_value_anywhere_is_read_or_refused_but_never_a_crash(data, value):
    document = bundle(*(make() for make in MAKERS))
    place = data.draw(st.sampled_from(paths(document)))
    with contextlib.suppress(BundleError):
        assert read_bundle(encoded(replaced(document, place, value)), today=TODAY).patients


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_message(data):
    assert refused(data).message
