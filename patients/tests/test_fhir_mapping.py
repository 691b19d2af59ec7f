"""What each resource becomes in Taper's words."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from patients.fhir.reader import BundleError
from patients.fhir.records import IdentifierData
from patients.tests.bundles import (
    RXNORM,
    SNOMED,
    allergy,
    coded,
    condition,
    height,
    medication_request,
    medication_statement,
    patient,
    read,
    reason,
    record,
    weight,
)


def person(**changes):
    return record(patient(**changes)).patient


def measured(resource):
    (only,) = record(resource).measures
    return only


def changes(*resources):
    return [notice.text for notice in read(*resources).notices]


def refusal(**changes):
    with pytest.raises(BundleError) as caught:
        read(patient(**changes))
    assert caught.value.code == "bad_patient"
    return caught.value.message


# --- Patient: names


def test_names_are_kept_as_they_are():
    assert person().family_name == "O'Hara42"
    assert person().given_name == "Mary Ann7"


@pytest.mark.parametrize("name", ["Null", "李", "D’Arcy-Ñandú", "👩‍👧 Lee", "می‌خواهم", "x" * 120])
def test_unusual_names_are_names(name):
    assert person(name=[{"family": name}]).family_name == name


@pytest.mark.parametrize(
    "names",
    [
        [{"use": "usual", "family": "B"}, {"use": "official", "family": "A"}],
        [{"use": "maiden", "family": "B"}, {"family": "A"}],
        [{"family": "B", "period": {"end": "2001"}}, {"family": "A", "use": "nickname"}][::-1],
        [{"use": "official", "family": "B", "period": {"end": "2001-01-01"}}, {"family": "A"}],
        [{"use": "old", "family": "B"}, {"family": "A", "period": {"end": "2030-01-01"}}],
    ],
)
def test_the_name_in_use_is_chosen_and_the_others_kept(names):
    chosen = person(name=names)
    assert chosen.family_name == "A"
    assert chosen.other_names == ("B",)


def test_a_former_name_serves_when_it_is_the_only_one():
    assert person(name=[{"use": "old", "family": "Was"}]).family_name == "Was"


@pytest.mark.parametrize(
    ("text", "family", "given"),
    [("Smith, John", "Smith", "John"), ("John Smith", "John Smith", ""), (", John", ", John", "")],
)
def test_a_name_that_is_one_text_is_taken_and_pointed_out(text, family, given):
    sent = patient(name=[{"text": text}])
    assert (record(sent).patient.family_name, record(sent).patient.given_name) == (family, given)
    assert "check which part" in changes(sent)[0]


def test_a_single_given_name_stands_for_the_family_name():
    assert person(name=[{"given": ["Suharto"]}]).family_name == "Suharto"


@pytest.mark.parametrize(
    "names", [None, [], [{}], [{"use": "official"}], [{"family": " "}], [{"family": "\u200b"}]]
)
def test_a_patient_without_a_name_is_refused(names):
    assert "name" in refusal(name=names)


@pytest.mark.parametrize("invisible", ["\x00", "\x07", "\u202e", "\u2066", "\ufeff", "\u200b"])
def test_invisible_and_direction_changing_characters_are_removed_and_reported(invisible):
    sent = patient(name=[{"family": f"Smi{invisible}th"}])
    assert record(sent).patient.family_name == "Smith"
    assert changes(sent) == ["family name: invisible or direction-changing characters were removed"]


def test_half_a_character_is_refused():
    assert "name.family" in refusal(name=[{"family": "\ud800"}])


def test_a_name_too_long_for_the_chart_is_shortened_and_reported():
    sent = patient(name=[{"family": "x" * 300}])
    assert record(sent).patient.family_name == "x" * 119 + "…"
    assert changes(sent) == ["family name: shortened to 120 characters"]


# --- Patient: birth, death, sex


@pytest.mark.parametrize("birth_date", [None, "1980", "1980-05"])
def test_an_incomplete_birth_date_is_refused_with_advice(birth_date):
    assert "full day" in refusal(birthDate=birth_date)
    assert "by hand" in refusal(birthDate=birth_date)


@pytest.mark.parametrize("birth_date", ["2026-03-04", "1899-12-31", "9999-01-01"])
def test_an_implausible_birth_date_is_refused(birth_date):
    assert "not plausible" in refusal(birthDate=birth_date)


@pytest.mark.parametrize("birth_date", ["17/05/1980", "2024-02-30", 1980, "1980-05-17T00:00:00Z"])
def test_a_birth_date_that_is_no_fhir_date_is_refused(birth_date):
    assert "birthDate" in refusal(birthDate=birth_date)


@pytest.mark.parametrize(
    ("sent", "deceased", "at"),
    [
        ({}, False, None),
        ({"deceasedBoolean": False}, False, None),
        ({"deceasedBoolean": True}, True, None),
        ({"deceasedDateTime": "2020"}, True, None),
        ({"deceasedDateTime": "2020-04-01"}, True, datetime(2020, 4, 1, 12, tzinfo=UTC)),
        (
            {"deceasedDateTime": "2020-04-01T01:00:00+02:00"},
            True,
            datetime(2020, 3, 31, 23, tzinfo=UTC),
        ),
        ({"deceasedDateTime": "1970-04-01"}, True, None),
    ],
)
def test_death_is_taken_with_its_time_when_known(sent, deceased, at):
    assert (person(**sent).deceased, person(**sent).deceased_at) == (deceased, at)


@pytest.mark.parametrize(
    ("sent", "sex"),
    [("male", "male"), ("other", "other"), (None, "unknown"), ("F", "unknown")],
)
def test_sex_is_one_of_four(sent, sex):
    assert person(gender=sent).sex == sex


def test_a_gender_that_fhir_does_not_know_is_pointed_out():
    assert "gender" in changes(patient(gender="F"))[0]


def test_a_record_that_is_not_active_or_replaced_is_pointed_out():
    link = {"type": "replaced-by", "other": {"reference": "Patient/p2"}}
    assert len(changes(patient(active=False, link=[link]))) == 2


# --- Patient: numbers and contact


def test_identifiers_are_taken_once_with_their_type():
    medical = {"type": coded("MR", "any"), "system": "http://a", "value": " 12 "}
    insurance = {"type": {"text": "Insurance"}, "value": "34"}
    assert person(identifier=[medical, insurance, medical]).identifiers == (
        IdentifierData("http://a", "12", "MR"),
        IdentifierData("", "34", "Insurance"),
    )


@pytest.mark.parametrize(
    "sent",
    [
        {"value": "xxx-xx-1234"},
        {"value": "***-**-1234"},
        {"value": "1" * 200},
        {"value": "12\u202e34"},
        {"value": "12", "use": "old"},
        {"value": "12", "period": {"end": "2020-01-01"}},
        {"system": "http://a"},
    ],
)
def test_masked_old_or_unsafe_identifiers_are_left_out(sent):
    assert person(identifier=[sent]).identifiers == ()


def test_the_best_phone_and_email_are_chosen():
    telecom = [
        {"system": "phone", "value": "1", "use": "work"},
        {"system": "phone", "value": "2", "use": "old"},
        {"system": "phone", "value": "tel:+1-555-3", "use": "mobile"},
        {"system": "email", "value": "mailto:mary@example.org"},
        {"system": "fax", "value": "9"},
    ]
    assert person(telecom=telecom).phone == "+1-555-3"
    assert person(telecom=telecom).email == "mary@example.org"


@pytest.mark.parametrize("value", ["nobody", "a@b", "a b@c.org", "<a@b.org>", "a@b.org\x00"])
def test_what_is_no_email_address_is_left_out(value):
    sent = patient(telecom=[{"system": "email", "value": value}])
    assert record(sent).patient.email == ""
    assert "e-mail" in changes(sent)[0]


def test_the_address_becomes_one_line():
    address = {"line": ["1 Elm St", "Apt 2"], "city": "Salem", "state": "MA", "postalCode": "01970"}
    assert person(address=[address]).address == "1 Elm St, Apt 2, Salem, MA 01970"
    assert person(address=[{"text": "1 Elm St\nSalem"}]).address == "1 Elm St Salem"


def test_the_preferred_language_is_chosen():
    communication = [
        {"language": coded("en", "urn:ietf:bcp:47")},
        {"language": coded("es-MX", "urn:ietf:bcp:47"), "preferred": True},
    ]
    assert person(communication=communication).language == "es-MX"
    assert person(communication=[{"language": {"text": "Klingon"}}]).language == ""


# --- conditions


def test_a_condition_is_taken():
    (taken,) = record(condition()).conditions
    assert taken.source_id == "Condition/c1"
    assert (taken.text, taken.code, taken.system) == (
        "Major depressive disorder",
        "370143000",
        SNOMED,
    )
    assert (taken.clinical_status, taken.verification_status) == ("active", "confirmed")
    assert (taken.onset_on, taken.abated_on, taken.dates_note) == (date(2019, 2, 3), None, "")


@pytest.mark.parametrize(
    ("code", "text", "kept"),
    [
        ({"text": "Flu"}, "Flu", ""),
        ({"coding": [{"display": "Flu"}]}, "Flu", ""),
        ({"coding": [{"code": "J11", "system": "icd"}]}, "Code J11", "J11"),
        ({"coding": [{"code": "J11"}, {"code": "6142004", "system": SNOMED}]}, None, "6142004"),
        ({"coding": [{"code": "1"}, {"code": "2", "userSelected": True}]}, None, "2"),
    ],
)
def test_words_and_code_are_found_where_they_are(code, text, kept):
    (taken,) = record(condition(code=code)).conditions
    assert taken.code == kept
    assert text is None or taken.text == text


@pytest.mark.parametrize("code", [None, {}, {"text": " "}, {"coding": [{"system": SNOMED}]}])
def test_a_condition_without_words_or_code_is_skipped(code):
    assert reason(condition(code=code)) == "does not say which condition it is"


@pytest.mark.parametrize(
    ("verification", "words"),
    [("entered-in-error", "entered in error"), ("refuted", "ruled out")],
)
def test_what_the_sender_took_back_is_skipped(verification, words):
    status = coded(verification, "any")
    assert words in reason(condition(verificationStatus=status))
    assert words in reason(allergy(verificationStatus=status))


@pytest.mark.parametrize(
    ("sent", "note"),
    [
        ({"onsetDateTime": "2019-05"}, "onset: 2019-05"),
        ({"onsetDateTime": None, "onsetString": "in childhood"}, "onset: in childhood"),
        ({"onsetDateTime": None, "onsetAge": {"value": 40, "unit": "a"}}, "onset: at age 40 a"),
        ({"onsetDateTime": None, "onsetPeriod": {"start": "2018"}}, "onset: 2018"),
        ({"onsetDateTime": None, "abatementDateTime": "2020"}, "end: 2020"),
    ],
)
def test_a_date_that_is_not_a_full_day_is_kept_in_words(sent, note):
    (taken,) = record(condition(**sent)).conditions
    assert (taken.onset_on, taken.abated_on, taken.dates_note) == (None, None, note)


def test_the_day_is_the_one_that_the_sender_wrote():
    late = condition(onsetDateTime="2019-02-03T23:30:00-08:00")
    assert record(late).conditions[0].onset_on == date(2019, 2, 3)


@pytest.mark.parametrize("onset", ["2027-01-01", "0001-01-01", "9999-12-31T23:59:59-12:00"])
def test_an_implausible_date_is_left_out_and_pointed_out(onset):
    sent = condition(onsetDateTime=onset)
    assert record(sent).conditions[0].onset_on is None
    assert changes(patient(), sent) == ["onset: left out, the date is not plausible"]


def test_a_status_that_fhir_does_not_know_is_pointed_out():
    sent = condition(clinicalStatus=coded("kind of", "any"))
    assert record(sent).conditions[0].clinical_status == ""
    assert "clinical status" in changes(patient(), sent)[0]


def test_long_text_is_shortened_and_pointed_out():
    sent = condition(code={"text": "x" * 1000})
    assert len(record(sent).conditions[0].text) == 300
    assert "shortened" in changes(patient(), sent)[0]


def test_markup_stays_text():
    (taken,) = record(condition(code={"text": "<script>alert(1)</script>"})).conditions
    assert taken.text == "<script>alert(1)</script>"


# --- medicines


def test_an_order_is_taken():
    dosage = [{"text": "1 daily"}, {"patientInstruction": "with food"}]
    (taken,) = record(medication_request(dosageInstruction=dosage)).medications
    assert (taken.text, taken.code, taken.system) == ("Sertraline 50 MG", "312938", RXNORM)
    assert (taken.status, taken.dosage) == ("active", "1 daily; with food")
    assert (taken.started_on, taken.stopped_on) == (date(2024, 1, 5), None)


def test_the_period_of_an_order_goes_before_the_day_it_was_written():
    bounds = {"boundsPeriod": {"start": "2024-02-01", "end": "2024-03-01"}}
    sent = medication_request(dosageInstruction=[{"timing": {"repeat": bounds}}])
    (taken,) = record(sent).medications
    assert (taken.started_on, taken.stopped_on) == (date(2024, 2, 1), date(2024, 3, 1))


def test_a_statement_is_taken():
    (taken,) = record(medication_statement()).medications
    assert taken.text == "Lithium 300 mg"
    assert (taken.started_on, taken.stopped_on) == (date(2023, 6, 1), date(2023, 9, 1))


MEDICATION = {
    "resourceType": "Medication",
    "id": "med",
    "code": {**coded("8123", RXNORM), "text": "Phenelzine"},
}


def referring(reference, **more):
    return medication_request(
        medicationCodeableConcept=None, medicationReference={"reference": reference}, **more
    )


def test_a_medication_in_the_bundle_is_found():
    reading = read(patient(), referring("Medication/med"), MEDICATION)
    assert reading.patients[0].medications[0].text == "Phenelzine"
    assert reading.taken["Medication"] == 1


def test_a_contained_medication_is_found():
    (taken,) = record(referring("#med", contained=[MEDICATION])).medications
    assert (taken.text, taken.code) == ("Phenelzine", "8123")


def test_a_medication_without_code_is_named_by_its_ingredients():
    ingredients = [{"itemCodeableConcept": {"text": name}} for name in ("Levodopa", "Carbidopa")]
    medication = {"resourceType": "Medication", "id": "med", "ingredient": ingredients}
    (taken,) = record(referring("#med", contained=[medication])).medications
    assert taken.text == "Levodopa / Carbidopa"


def test_the_display_serves_when_the_medication_is_elsewhere():
    reference = {"reference": "Medication/away", "display": "Tramadol"}
    sent = medication_request(medicationCodeableConcept=None, medicationReference=reference)
    assert record(sent).medications[0].text == "Tramadol"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (medication_request(status="entered-in-error"), "entered in error"),
        (medication_statement(status="entered-in-error"), "entered in error"),
        (medication_request(doNotPerform=True), "must not be given"),
        (medication_request(intent="proposal"), "not an order"),
        (referring("Medication/away"), "not in this file"),
        (referring("#med", contained=[{**MEDICATION, "code": {"text": 5}}]), "not valid"),
        (referring("#med", contained=[{**MEDICATION, "status": "entered-in-error"}]), "in error"),
        (referring("#med", contained=[{"resourceType": "Medication", "id": "med"}]), "which"),
    ],
)
def test_medicines_that_cannot_be_taken_say_why(sent, words):
    assert words in reason(sent)


@pytest.mark.parametrize("status", ["on-hold", "cancelled", "completed", "stopped", "draft"])
def test_the_status_of_an_order_is_kept(status):
    assert record(medication_request(status=status)).medications[0].status == status


def test_a_medicine_not_taken_says_so():
    assert record(medication_statement(status="not-taken")).medications[0].status == "not-taken"


# --- allergies


def test_an_allergy_is_taken():
    (taken,) = record(allergy()).allergies
    assert (taken.text, taken.criticality, taken.category) == ("Penicillin", "high", "medication")
    assert (taken.status, taken.reaction) == ("active", "Hives (severe)")


def test_an_allergy_may_be_named_by_its_reactions_substance():
    sent = allergy(
        code=None, reaction=[{"substance": {"text": "Latex"}, "manifestation": [{"text": "Rash"}]}]
    )
    assert record(sent).allergies[0].text == "Latex"


def test_no_known_allergy_is_not_an_allergy():
    assert "no allergy is known" in reason(allergy(code=coded("716186003", SNOMED)))


# --- weight and height


@pytest.mark.parametrize(
    ("value", "unit", "kilograms"),
    [
        (80, "kg", "80.00"),
        (80.126, "kg", "80.13"),
        ("80", "kg", "80.00"),
        (80000, "g", "80.00"),
        (176.37, "lbs", "80.00"),
        (176.37, "[lb_av]", "80.00"),
        (2822, "oz", "80.00"),
    ],
)
def test_weights_are_converted_to_kilograms(value, unit, kilograms):
    assert measured(weight(value, unit)).value == Decimal(kilograms)


@pytest.mark.parametrize(
    ("value", "unit", "centimeters"),
    [(170, "cm", "170.00"), (1.7, "m", "170.00"), (67, "in", "170.18"), (67, "[in_i]", "170.18")],
)
def test_heights_are_converted_to_centimeters(value, unit, centimeters):
    assert measured(height(value, unit)).value == Decimal(centimeters)


def test_the_unit_may_stand_in_the_code_alone():
    sent = weight(valueQuantity={"value": 176.37, "code": "[lb_av]", "unit": "pounds avoirdupois"})
    assert measured(sent).value == Decimal("80.00")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (weight(unit="cm"), "no unit"),
        (weight(unit=None), "no unit"),
        (weight(valueQuantity={"value": 80, "unit": "lb", "code": "kg"}), "contradict"),
        (weight(valueQuantity=None), "holds no weight"),
        (weight(valueQuantity={"value": 80, "unit": "kg", "comparator": ">"}), "above or below"),
        (weight(80_000), "not plausible"),
        (weight(-5), "not plausible"),
        (weight(0), "not plausible"),
        (weight("1e999999"), "not plausible"),
        (height(1.7, "cm"), "not plausible"),
        (weight(status="preliminary"), "not a final result"),
        (weight(status="entered-in-error"), "entered in error"),
        (weight(effectiveDateTime=None), "which day"),
        (weight(effectiveDateTime="2025"), "which day"),
        (weight(effectiveDateTime="2025-11"), "which day"),
        (weight(effectiveDateTime="2027-01-01"), "date that is not plausible"),
        (weight(effectiveDateTime="0001-01-01T00:00:00+14:00"), "date that is not plausible"),
    ],
)
def test_a_measure_that_could_mislead_is_skipped(sent, words):
    assert words in reason(sent)


def test_the_time_of_measuring_is_kept_in_utc():
    assert measured(weight()).observed_at == datetime(2025, 11, 2, 8, 30, tzinfo=UTC)


def test_a_day_without_a_time_is_noon():
    sent = weight(effectiveDateTime="2025-11-02")
    assert measured(sent).observed_at == datetime(2025, 11, 2, 12, tzinfo=UTC)


def test_the_latest_measure_is_found_whatever_the_order():
    taken = record(
        weight(81, id="1", effectiveDateTime="2025-12-01"),
        weight(82, id="2", effectiveDateTime="2026-02-01"),
        weight(83, id="3", effectiveDateTime="2024-02-01"),
    )
    assert taken.latest_weight
    assert taken.latest_weight.value == 82
    assert taken.latest_height is None


def test_a_panel_gives_weight_and_height():
    parts = [
        {"code": each["code"], "valueQuantity": each["valueQuantity"]}
        for each in (weight(), height())
    ]
    panel = weight(code=coded("85353-1", "http://loinc.org"), valueQuantity=None, component=parts)
    taken = record(panel)
    assert {each.kind: int(each.value) for each in taken.measures} == {"weight": 80, "height": 170}
    assert {each.source_id for each in taken.measures} == {
        "Observation/w1#weight",
        "Observation/w1#height",
    }


def test_a_panel_with_one_part_missing_gives_the_other():
    parts = [
        {"code": weight()["code"], "valueQuantity": weight()["valueQuantity"]},
        {"code": height()["code"], "dataAbsentReason": coded("unknown", "any")},
    ]
    panel = weight(code={"text": "Vitals"}, valueQuantity=None, component=parts)
    assert len(record(panel).measures) == 1
