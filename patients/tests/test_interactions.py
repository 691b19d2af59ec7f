"""Which medicines raise which alerts; no database."""

import json
import os
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.medicines import interactions, knowledge
from patients.medicines.explain import CONTEXTS, explain, status
from patients.medicines.interactions import Context, Severity, evaluate
from patients.medicines.reading import Reading, Taken
from patients.medicines.resolver import resolve
from patients.tests import interactions_second_opinion

NASAL, IV = CONTEXTS["nasal"], CONTEXTS["iv"]
EVERY_CONTEXT = [Context(d, r) for d in ("esketamine", "ketamine") for r in ("nasal", "iv")]
ROUTES = ("oral", "nasal", "inhaled", "topical", "ophthalmic", "transdermal", "injection", None)
SAMPLES = Path(
    os.environ.get("TAPER_FHIR_SAMPLES", Path(__file__).parents[3] / "shared" / "data" / "fhir")
)


def raised(*texts: str, context: Context = NASAL) -> dict[str, str]:
    found = evaluate(map(resolve, texts), context)
    return {alert.rule.id: alert.rule.severity.value for alert in found}


def loud(*texts: str, context: Context = NASAL) -> dict[str, str]:
    found = raised(*texts, context=context)
    return {rule: severity for rule, severity in found.items() if severity != "information"}


@pytest.mark.parametrize("antidepressant", ["Zoloft", "fluoxetine", "Lexapro", "venlafaxine XR"])
@pytest.mark.parametrize("context", EVERY_CONTEXT, ids=str)
def test_a_lone_ssri_or_snri_is_information_only(antidepressant, context):
    assert raised(antidepressant, context=context) == {
        "single_serotonergic_antidepressant": "information"
    }


@pytest.mark.parametrize(
    ("texts", "rules"),
    [
        (["Nardil"], {"mao_inhibitor": "high"}),
        (["selegiline transdermal patch"], {"mao_inhibitor": "high"}),
        (["Nardil", "Zoloft"], {"mao_inhibitor": "high", "mao_serotonergic": "high"}),
        (
            ["linezolid", "sertraline"],
            {"mao_inhibiting_medicine": "high", "mao_serotonergic": "high"},
        ),
        (
            ["methylene blue", "trazodone"],
            {
                "mao_inhibiting_medicine": "high",
                "mao_serotonergic": "high",
                "cns_depressant": "moderate",
            },
        ),
        (["procarbazine"], {"mao_inhibiting_medicine": "high"}),
        (["Nardil", "phenelzine 15 mg"], {"mao_inhibitor": "high"}),
        (["Nardil", "Parnate"], {"mao_inhibitor": "high", "mao_serotonergic": "high"}),
        (
            ["sertraline", "trazodone"],
            {"serotonergic_combination": "moderate", "cns_depressant": "moderate"},
        ),
        (
            ["trazodone", "tramadol"],
            {
                "serotonergic_combination": "moderate",
                "cns_depressant": "moderate",
                "cns_depressants_stacked": "moderate",
            },
        ),
        (
            ["tianeptine", "Xanax, no refills"],
            {
                "cns_depressant": "moderate",
                "cns_depressants_stacked": "moderate",
                "opioid_with_sedative": "high",
            },
        ),
        (["sertraline", "lithium"], {"serotonergic_combination": "moderate"}),
        (["sertraline 50 mg", "Zoloft 100 mg"], {}),
        (
            ["sertraline", "Imitrex"],
            {"serotonergic_combination": "moderate", "triptan": "moderate"},
        ),
        (
            ["sertraline", "tramadol"],
            {"serotonergic_combination": "moderate", "cns_depressant": "moderate"},
        ),
        (
            ["sertraline", "meperidine"],
            {"serotonergic_combination": "moderate", "cns_depressant": "moderate"},
        ),
        (
            ["sertraline", "Robitussin DM"],
            {"serotonergic_combination": "moderate", "dextromethorphan": "moderate"},
        ),
        (
            ["sertraline", "ecstasy"],
            {"serotonergic_combination": "moderate", "recreational_drug": "high"},
        ),
        (["alprazolam"], {"cns_depressant": "moderate"}),
        (["Vicodin"], {"cns_depressant": "moderate"}),
        (
            ["alprazolam", "Vicodin"],
            {
                "cns_depressant": "moderate",
                "cns_depressants_stacked": "moderate",
                "opioid_with_sedative": "high",
            },
        ),
        (["alcohol"], {"alcohol": "high", "cns_depressant": "moderate"}),
        (["Xyrem"], {"oxybate": "high", "cns_depressant": "moderate"}),
        (["Adderall"], {"psychostimulant": "moderate"}),
        (["modafinil"], {"psychostimulant": "moderate"}),
        (["atomoxetine"], {"other_pressor": "moderate"}),
        (["Sudafed"], {"other_pressor": "moderate"}),
        (["Auvelity"], {"dextromethorphan": "moderate"}),
        (["Symbyax"], {"cns_depressant": "moderate"}),
        (["weed"], {"cannabis": "moderate"}),
        (["bupropion"], {}),
        (["Contrave"], {}),
        (["lithium"], {}),
        (["lamotrigine", "levothyroxine", "lisinopril", "clonidine", "carbamazepine"], {}),
        (["memantine"], {}),
        (["phenylephrine eye drops"], {}),
        (["doxepin 5 % cream", "diphenhydramine cream"], {}),
        (["EpiPen"], {}),
        (["naloxone nasal spray"], {}),
        (["Xyzzanol"], {}),
        (["no longer takes Xanax", "sertraline"], {}),
        (
            ["no longer takes Nardil", "sertraline"],
            {"mao_inhibitor": "high", "mao_serotonergic": "high"},
        ),
        (["Nardil, stopped 3 weeks ago", "sertraline"], {}),
        (["Nardil, stopped 13 days ago"], {"mao_inhibitor": "high"}),
        (["Nardil, stopped 2019"], {}),
    ],
    ids=str,
)
def test_what_interrupts_or_warns(texts, rules):
    assert loud(*texts) == rules


@pytest.mark.parametrize("text", ["Flonase", "Afrin", "Dymista", "oxymetazoline nasal spray"])
def test_a_nasal_product_is_timed_for_the_spray_alone(text):
    assert loud(text, context=NASAL) == {"nasal_timing": "moderate"}
    assert loud(text, context=IV) == {}


@pytest.mark.parametrize(
    "text", ["Flovent HFA", "Advair", "fluticasone cream", "Rhofade", "Upneeq", "Visine eye drops"]
)
def test_the_same_substance_elsewhere_is_not_timed(text):
    assert raised(text) == {}


def test_methylxanthines_are_graver_with_an_infusion():
    assert loud("theophylline", context=IV) == {"methylxanthine_iv": "high"}
    assert loud("theophylline", context=NASAL) == {"methylxanthine": "moderate"}


def test_an_alert_names_its_texts_and_changes_with_its_ingredients():
    one = evaluate([resolve("Xanax 1 MG")], NASAL)[0]
    two = evaluate([resolve("Xanax 1 MG"), resolve("Ambien")], NASAL)
    again = next(alert for alert in two if alert.rule.id == one.rule.id)
    assert one.medicines == ("Xanax 1 MG",)
    assert again.medicines == ("Xanax 1 MG", "Ambien")
    assert one.identity != again.identity
    assert one.identity == evaluate([resolve("alprazolam")], NASAL)[0].identity


def _of(names: dict[str, str | None]) -> list[Reading]:
    known = knowledge.ingredients()
    return [
        Reading(name, (Taken(known[name], route, "stated", name, "name"),))
        for name, route in names.items()
    ]


INTERESTING = sorted(
    name
    for name, each in knowledge.ingredients().items()
    if each.classes - {"antihypertensive"} or each.by_route
)


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(INTERESTING) | st.sampled_from(sorted(knowledge.ingredients())),
        st.sampled_from(ROUTES),
        max_size=8,
    ),
    st.sampled_from(EVERY_CONTEXT),
)
def test_a_second_opinion_agrees(names, context):
    readings = _of(names)
    found = {
        (a.rule.id, a.ingredients, a.rule.severity.value, a.rule.interrupts)
        for a in evaluate(readings, context)
    }
    classes = {each.text: set(each.classes) for each in readings}
    assert found == interactions_second_opinion.alerts_of(classes, context.drug, context.route)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_without_fail_and_nothing_unknown_is_safe(text):
    reading = resolve(text)
    assert reading.taken or reading.unresolved


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(INTERESTING), st.text("qxzjw", min_size=4, max_size=12))
def test_an_unknown_word_beside_a_known_one_stays_unresolved(name, nonsense):
    assert not resolve(f"{name} / {nonsense}").is_understood


BENIGN = sorted(n for n, each in knowledge.ingredients().items() if not each.classes)


@pytest.mark.parametrize("context", EVERY_CONTEXT, ids=str)
def test_benign_medicines_raise_nothing_even_together(context):
    assert len(BENIGN) > 400
    readings = [resolve(f"{name} oral tablet") for name in BENIGN]
    assert [r.text for r in readings if not r.is_understood] == []
    assert evaluate(readings, context) == []


def test_high_alerts_interrupt_and_no_others():
    for rule in interactions.rules():
        assert rule.interrupts == (rule.severity == Severity.HIGH), rule.id


SAMPLE_CLASSES = {
    "Acetaminophen 21.7 MG/ML / Dextromethorphan Hydrobromide 1 MG/ML / doxylamine succinate"
    " 0.417 MG/ML Oral Solution": {"dextromethorphan", "nmda_antagonist", "sedating_antihistamine"},
    "Acetaminophen 300 MG / HYDROcodone Bitartrate 5 MG [Vicodin]": {"opioid"},
    "Acetaminophen 325 MG / HYDROcodone Bitartrate 7.5 MG Oral Tablet": {"opioid"},
    "Acetaminophen 325 MG / Oxycodone Hydrochloride 5 MG Oral Tablet": {"opioid"},
    "Acetaminophen/Hydrocodone": {"opioid"},
    "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet [Toprol]": {"antihypertensive"},
    "10 ML Furosemide 10 MG/ML Injection": {"antihypertensive"},
    "Amlodipine 5 MG Oral Tablet": {"antihypertensive"},
    "Captopril 25 MG Oral Tablet": {"antihypertensive"},
    "Hydrochlorothiazide 25 MG": {"antihypertensive"},
    "Lasix 40mg": {"antihypertensive"},
    "Carbamazepine[Tegretol]": {"cyp_inducer"},
    "Clonazepam [Klonopin]": {"benzodiazepine"},
    "Diazepam [Valium]": {"benzodiazepine"},
    "Clopidogrel 75 MG Oral Tablet": {"cyp2b6_inhibitor"},
    "Fluoxetine 25MG": {"ssri"},
    "Sertraline 100MG": {"ssri"},
    "Levothyroxine Sodium 0.075 MG Oral Tablet": {"thyroid_hormone"},
    "Memantine hydrochloride 2 MG/ML Oral Solution": {"nmda_antagonist"},
    "Meperidine Hydrochloride 50 MG Oral Tablet": {"serotonergic_opioid"},
    "Methylphenidate Hydrochloride 20 MG Oral Tablet": {"psychostimulant"},
    "NDA020800 0.3 ML Epinephrine 1 MG/ML Auto-Injector": {"epinephrine"},
    "diphenhydrAMINE Hydrochloride 25 MG Oral Tablet": {"sedating_antihistamine"},
}


def test_every_medicine_of_the_samples_is_classified():
    files = sorted(SAMPLES.glob("*.json"))
    if not files:
        pytest.skip(f"no sample bundles in {SAMPLES}")
    texts = set()
    for file in files:
        for entry in json.loads(file.read_text())["entry"]:
            concept = entry["resource"].get("medicationCodeableConcept")
            texts |= {concept["text"]} if concept else set()
    assert len(texts) == 55
    read = {text: resolve(text) for text in texts}
    assert {text: set(r.classes) for text, r in read.items() if r.classes} == SAMPLE_CLASSES
    doubtful = {text: status(r) for text, r in read.items() if status(r) != "understood"}
    assert doubtful == {"Simvistatin 10 MG": "uncertain"}


def test_the_command_explains_without_a_database(capsys):
    call_command("explain_medication", "Sertraline 50 MG", "Nardil", "Xyzzanol", "--json")
    document = json.loads(capsys.readouterr().out)
    assert document == explain(["Sertraline 50 MG", "Nardil", "Xyzzanol"], NASAL)
    assert [each["status"] for each in document["medicines"]] == [
        "understood",
        "understood",
        "unresolved",
    ]
    worst = document["alerts"][0]
    assert (worst["severity"], worst["interrupts"]) == ("high", True)
    assert document["context"] == {"drug": "esketamine", "route": "nasal"}


def test_the_command_says_it_in_words(capsys):
    call_command("explain_medication", "Theo-24", "--route", "iv")
    said = capsys.readouterr().out
    assert "theophylline (R03DA04), oral: methylxanthine" in said
    assert "HIGH, interrupts: Methylxanthine with ketamine infusion" in said
