"""The rules of the chart: contraindications, medicines that interact, what the files know."""

from collections.abc import Iterable

from clinic.rulebook import Chapter, Rule
from patients.medicines import interactions, knowledge
from patients.screening import rules

IN_FILE = "a reviewed file of the release; a clinic decides in each case, with its reason"


def chapters() -> list[Chapter]:
    return [
        Chapter(
            "Safety screen",
            "Absolute: nobody clears it. Relative: a prescriber's written justification. Caution: "
            "taken into account. “Not known” weighs like “present”.",
            f"`patients/screening/contraindications.json`, {IN_FILE}",
            tuple(rule for each in rules.rules().values() for rule in _screened(each)),
        ),
        Chapter(
            "Interactions",
            "Alerts on the current medicines, by ingredient, class and route. High ones that "
            "interrupt wait for a prescriber's reason; a medicine that isn't recognised waits for "
            "a look by hand.",
            f"`patients/medicines/data/rules.json`, {IN_FILE}",
            tuple(_interaction(rule) for rule in interactions.rules()),
        ),
        Chapter(
            "After a medicine is stopped",
            "A medicine that a line says was stopped, without saying long enough ago, counts as "
            "taken for this long; a person dates it.",
            f"`patients/medicines/data/washouts.json`, {IN_FILE}",
            tuple(_washouts()),
        ),
        Chapter(
            "Classes of medicines",
            "Which classes a class contains. The ingredients with their ATC codes are in "
            "`patients/medicines/data/ingredients.json`; `./dev manage explain_medication` shows "
            "how a text is read.",
            f"`patients/medicines/data/classes.json`, {IN_FILE}",
            tuple(_classes()),
        ),
    ]


def _screened(rule: rules.Rule) -> Iterable[Rule]:
    for level in rule.levels:
        named = (level.drug, level.route, level.jurisdiction)
        only = f" ({', '.join(each for each in named if each)})" if any(named) else ""
        default = f"{level.level}{only}. {rule.reason}"
        yield Rule(rule.title, default, level.source.text, level.source.certainty)


def _interaction(rule: interactions.Rule) -> Rule:
    holds = ", interrupts" if rule.interrupts else ""
    default = f"{rule.severity}{holds}. {rule.why} {rule.do}"
    return Rule(rule.title, default, rule.source.text, rule.source.certainty)


def _washouts() -> Iterable[Rule]:
    for row in knowledge.read("washouts")["washouts"]:
        source = knowledge.source_of("washouts", row)
        named = knowledge.classes()[row["class"]]["label"] if "class" in row else row["ingredient"]
        yield Rule(named, f"{row['days']} days", source.text, source.certainty)


def _classes() -> Iterable[Rule]:
    for row in knowledge.read("classes")["classes"]:
        if row["members"]:
            source = knowledge.source_of("classes", row)
            members = ", ".join(each.replace("_", " ") for each in row["members"])
            yield Rule(row["label"], members, source.text, source.certainty)
