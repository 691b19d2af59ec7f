"""Which rules a chart speaks of: suggestions with what matched, for a person to decide."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from patients.screening import computed, reviewed, wording
from patients.screening.chart import Chart, ChartCondition
from patients.screening.evidence import Evidence, Suggestion, merged
from patients.screening.rules import NOT_KNOWN, POSSIBLE, PRESENT, Pattern, Rule, rules
from patients.screening.treatment import Treatment
from patients.screening.wording import DOUBT, HERE, HISTORY

SNOMED = "snomed"
MATCHED, SET_ASIDE, REVIEWED, UNCLASSIFIED = "matched", "set aside", "reviewed", "not classified"


@dataclass(frozen=True, slots=True)
class Classified:
    """What became of one condition of the chart."""

    condition: ChartCondition
    state: str
    rules: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Matches:
    suggestions: Mapping[str, Suggestion]  # by the rule, in the order of the rules
    conditions: tuple[Classified, ...]

    @property
    def unclassified(self) -> list[ChartCondition]:
        return [each.condition for each in self.conditions if each.state == UNCLASSIFIED]


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that a condition matches; without `says` it does not count, and `why` says why."""

    rule: str
    says: str
    evidence: Evidence


def match(chart: Chart, treatment: Treatment) -> Matches:
    hits = {row: _hits(row, chart.today) for row in chart.conditions}
    found: dict[str, list[tuple[str, Evidence]]] = {}
    for hit in (each for row in hits.values() for each in row if each.says):
        found.setdefault(hit.rule, []).append((hit.says, hit.evidence))
    suggestions = {}
    for rule in rules().values():
        said = computed.refine(rule, found, chart, treatment)
        if said:
            suggestions[rule.id] = merged(rule.id, said)
    conditions = [_classified(row, hits[row], suggestions) for row in chart.conditions]
    return Matches(suggestions, tuple(conditions))


def _classified(
    row: ChartCondition, hits: Iterable[Hit], suggestions: Mapping[str, Suggestion]
) -> Classified:
    counted = [hit.rule for hit in hits if hit.says and hit.rule in suggestions]
    if counted:
        return Classified(row, MATCHED, tuple(dict.fromkeys(counted)))
    if hits:
        names = tuple(dict.fromkeys(hit.rule for hit in hits))
        return Classified(row, SET_ASIDE, names, next(iter(hits)).evidence.why)
    if reviewed.is_irrelevant(row):
        return Classified(row, REVIEWED)
    return Classified(row, UNCLASSIFIED)


def _hits(row: ChartCondition, today: date) -> list[Hit]:
    found = (
        _hit(row, rule, pattern, today) for rule in rules().values() for pattern in rule.patterns
    )
    written = (_written(row, rule, today) for rule in rules().values())
    return [hit for hit in (*found, *written) if hit is not None]


def _written(row: ChartCondition, rule: Rule, today: date) -> Hit | None:
    """Read a blood pressure (mmHg) that stands among the conditions: "BP 190/110 at home"."""
    if rule.computed != "pressure":
        return None
    limits = rule.limits
    for systolic, diastolic in wording.pressures(row.text):
        if systolic <= limits["systolic"] and diastolic <= limits["diastolic"]:
            continue
        matched = f"“{systolic}/{diastolic}”"
        if row.is_over(today):
            why = f"It is over{_dated(row)}, and only what is active counts."
            return Hit(rule.id, "", Evidence("condition", row.text, matched, why))
        far = systolic >= limits["written_systolic"] or diastolic >= limits["written_diastolic"]
        says = PRESENT if far and not row.is_unsure else POSSIBLE
        why = f"Over {limits['systolic']}/{limits['diastolic']} mmHg."
        return Hit(rule.id, says, Evidence("condition", row.text, matched, why))
    return None


def _hit(row: ChartCondition, rule: Rule, pattern: Pattern, today: date) -> Hit | None:
    code = _code(row, pattern)
    words = wording.strongest(
        wording.find(row.text, pattern.words, pattern.unless, risk_counts=rule.risk_counts)
    )
    if words is None and not code:
        return _in_note(row, rule, pattern)
    said = words.said if words else HERE
    matched = code or f"“{words.words if words else ''}”"
    if said in wording.WHY_NOT:
        if not code:
            return Hit(rule.id, "", Evidence("condition", row.text, matched, wording.WHY_NOT[said]))
        said = DOUBT
    says, why = _weigh(row, pattern, said, today)
    return Hit(rule.id, says, Evidence("condition", row.text, matched, why))


def _in_note(row: ChartCondition, rule: Rule, pattern: Pattern) -> Hit | None:
    found = wording.find(row.note, pattern.words, pattern.unless, risk_counts=rule.risk_counts)
    words = wording.strongest(found)
    if words is None or words.said in wording.WHY_NOT or pattern.counts == "past":
        return None
    why = "The remark beside it says so."
    return Hit(rule.id, POSSIBLE, Evidence("condition", row.text, f"“{words.words}”", why))


def _code(row: ChartCondition, pattern: Pattern) -> str:
    """Return the code that matches, with its system."""
    system = row.system.lower()
    if SNOMED in system and row.code in pattern.snomed:
        return f"SNOMED CT {row.code}"
    bare = row.code.replace(".", "").upper()
    if "icd-10" in system and any(bare.startswith(each.replace(".", "")) for each in pattern.icd10):
        return f"ICD-10 {row.code}"
    return ""


def _weigh(row: ChartCondition, pattern: Pattern, said: str, today: date) -> tuple[str, str]:
    """Return what the row says of the rule, and why; "" where it does not count."""
    is_over = row.is_over(today) or said == wording.OVER
    says = POSSIBLE if said == DOUBT or row.is_unsure else pattern.says
    dated = _dated(row)
    if pattern.counts == "recent":
        return _recent(row, pattern, said, says, today)
    if pattern.counts == "past":
        if not is_over and said != HISTORY:
            return "", ""
        return says, f"In the past{dated}."
    if pattern.counts == "active" and is_over:
        return "", f"It is over{dated}, and only what is active counts."
    if pattern.counts in {"active", "active_else_ask"} and (is_over or said == HISTORY):
        return POSSIBLE, f"In the past{dated}: is it still so?"
    if pattern.within_days and row.onset_on and (today - row.onset_on).days > pattern.within_days:
        return POSSIBLE, f"It began on {row.onset_on:%d %b %Y}: is it still so?"
    if says == POSSIBLE and pattern.says == PRESENT:
        return says, "The chart says it as a suspicion or in doubtful words."
    if is_over or said == HISTORY:
        return says, f"In the past{dated}, which counts."
    return says, f"On the chart{dated}." if says == PRESENT else f"On the chart{dated}: which kind?"


def _recent(
    row: ChartCondition, pattern: Pattern, said: str, says: str, today: date
) -> tuple[str, str]:
    on = row.onset_on or row.abated_on
    if on is None:
        why = f"When is not recorded: it counts within {pattern.within_days} days."
        return POSSIBLE, why
    days = (today - on).days
    if days > pattern.within_days:
        return "", f"On {on:%d %b %Y}, more than {pattern.within_days} days ago."
    if said == HISTORY:
        return POSSIBLE, f"Recorded on {on:%d %b %Y} as history: when was it?"
    return says, f"On {on:%d %b %Y}, {max(days, 0)} days ago."


def _dated(row: ChartCondition) -> str:
    since = f" since {row.onset_on:%d %b %Y}" if row.onset_on else ""
    return f"{since} until {row.abated_on:%d %b %Y}" if row.abated_on else since


__all__ = ["MATCHED", "NOT_KNOWN", "REVIEWED", "SET_ASIDE", "UNCLASSIFIED", "match"]
