"""Rules that rest on more than conditions: age, allergies, blood pressure, body mass, sex."""

from collections.abc import Mapping, Sequence

from patients.screening import wording
from patients.screening.chart import Chart
from patients.screening.evidence import Evidence
from patients.screening.rules import NOT_KNOWN, POSSIBLE, PRESENT, RELATIVE, Rule
from patients.screening.treatment import Treatment

Said = tuple[str, Evidence]
Found = Mapping[str, Sequence[Said]]


def refine(rule: Rule, found: Found, chart: Chart, treatment: Treatment) -> list[Said]:
    """Return what the whole chart says of a rule, given what the conditions say of each."""
    own = list(found.get(rule.id, ()))
    if rule.computed == "age":
        return _age(rule, chart)
    if rule.computed == "allergy":
        return own + _allergy(rule, chart, treatment)
    if rule.computed == "pressure":
        return own + _pressure(rule, found, chart, treatment)
    if rule.computed == "apnoea":
        return _apnoea(rule, own, chart)
    if rule.computed == "childbearing":
        return own or _childbearing(rule, chart)
    return own


def _age(rule: Rule, chart: Chart) -> list[Said]:
    if chart.age >= rule.limits["age"]:
        return []
    return [(PRESENT, Evidence("person", f"{chart.age} years old", "", "By the birth date."))]


def _allergy(rule: Rule, chart: Chart, treatment: Treatment) -> list[Said]:
    said = []
    for allergy in chart.allergies:
        for words, what in (
            (rule.substances, "the drug itself"),
            (rule.excipients.get(treatment.drug, ()), "an excipient"),
        ):
            found = wording.strongest(wording.find(allergy.text, words))
            if found is None or found.said in wording.WHY_NOT:
                continue
            sure = allergy.status == "active" and found.said == wording.HERE
            why = f"The allergies name {what}{'' if sure else ', no longer or in doubt'}."
            row = Evidence("allergy", allergy.text, f"“{found.words}”", why)
            said.append((PRESENT if sure else POSSIBLE, row))
    if not any(allergy.status == "active" for allergy in chart.allergies):
        said.append((NOT_KNOWN, Evidence("allergy", "Allergies are not recorded", "", "Ask.")))
    return said


def _pressure(rule: Rule, found: Found, chart: Chart, treatment: Treatment) -> list[Said]:
    last, limits = chart.pressure, rule.limits
    if last is None:
        why = "Measure it at rest."
        return [(NOT_KNOWN, Evidence("measure", "No blood pressure is on record", "", why))]
    if (chart.today - last.on).days > limits["recent_days"]:
        why = f"That is more than {limits['recent_days']} days ago: measure it again."
        return [(NOT_KNOWN, Evidence("measure", str(last), "", why))]
    if last.systolic <= limits["systolic"] and last.diastolic <= limits["diastolic"]:
        return []
    # One high value is no hypertension: where the rule forbids treatment, a person decides.
    known = "hypertension" in found or rule.level_for(treatment).level == RELATIVE
    why = f"Over {limits['systolic']}/{limits['diastolic']} mmHg."
    return [(PRESENT if known else POSSIBLE, Evidence("measure", str(last), "", why))]


def _apnoea(rule: Rule, own: list[Said], chart: Chart) -> list[Said]:
    if not own:
        return []
    bmi, limit = chart.bmi, rule.limits["bmi"]
    if bmi is None:
        why = "The body mass index is not known: record weight and height."
        return [(NOT_KNOWN, Evidence("condition", row.text, row.matched, why)) for _, row in own]
    if bmi < limit:
        return []
    why = f"The body mass index is {bmi}."
    return [(says, Evidence("condition", row.text, row.matched, why)) for says, row in own]


def _childbearing(rule: Rule, chart: Chart) -> list[Said]:
    limits = rule.limits
    if chart.sex == "male" or not limits["from_age"] <= chart.age <= limits["to_age"]:
        return []
    why = "Ask, and offer a test."
    return [(NOT_KNOWN, Evidence("person", "Whether she is pregnant is not recorded", "", why))]
