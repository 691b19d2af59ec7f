"""The rules of a session: questions before the dose, the gate, serotonin, panic, emergencies."""

from collections.abc import Iterable

from clinic.provenance import Certainty
from clinic.rulebook import Chapter, Rule
from monitoring import concomitant, hunter, medicines, questions, rems, reviewed

GATE = "Clinical reference 3.2: discharge rule, read with decision 9"
IN_CODE = "the rule itself is the product's; its numbers are in the monitoring template"
IN_FILE = "a reviewed file of the release"
CONDITIONS = {
    "infusion_running": "The infusion has ended",
    "minimum_time": "The minimum time since the last device or the infusion's end has passed",
    "medicine_recheck": "Another medicine's recheck is done, and its time has passed",
    "bp_baseline_missing": "A blood pressure from before the first dose is on record, or why not",
    "bp_peak_missing": "One at about 40 minutes is on record, or why it was late or missed",
    "bp_predeparture_missing": "One from before leaving is on record, apart from the 40-minute one",
    "bp_high": "The latest is low enough, or falling, steady and under the ceiling; else a "
    "clinician decides with a reason, from the ceiling on a prescriber",
    "bp_low": "No critically low blood pressure stands; else a prescriber decides with a reason",
    "sedation": "MOAA/S is at least as before the dose and at its limit; a prescriber may decide "
    "where it is at baseline and under the limit",
    "dissociation": "Dissociation is at or under its limit; a prescriber may decide where it is as "
    "before the dose and over the limit",
    "spo2": "SpO₂ is at its limit on room air, said so where oxygen was given before",
    "critical": "No other critical value stands: of each measure, the newest known one",
    "adverse_event": "No adverse event is open",
    "trouble": "No emergency runs, and the latest serotonin check doesn't call for help",
    "escort": "The way home is settled as the clinic accepts it, and the escort was reached",
    "driving": "The patient does not mean to drive",
    "assessment": "A named clinician found the patient ready, after the minimum time and after all "
    "that was written",
    "clock": "The server's clock ran steadily since the first dose",
    "future_time": "No entry is dated after now",
}
ASKS = {
    "": "passes",
    "reason": "a prescriber's reason",
    "justification": "a prescriber's written justification",
    "absolute": "nobody may go on",
}


def chapters() -> list[Chapter]:
    return [
        Chapter(
            "Before the dose",
            "Each question wants an answer; blank is never “no”. Which are asked, and with which "
            "numbers, says the protocol's monitoring template and the clinic's settings.",
            f"`monitoring/knowledge/predose_questions.json`, {IN_FILE}",
            tuple(_question(each) for each in questions.QUESTIONS.values()),
        ),
        Chapter(
            "The discharge gate",
            "All of these stand between the patient and the door; unknown is never good enough. "
            "Two people, one of them a prescriber, may override with a reason.",
            IN_CODE,
            tuple(Rule(code, text, GATE, Certainty.PROPOSED) for code, text in CONDITIONS.items()),
        ),
        Chapter(
            "Other medicines given in a visit",
            "What a class does to the observation by default; only a prescriber chooses less.",
            f"`monitoring/knowledge/given_medicines.json`, {IN_FILE}",
            tuple(_given(each) for each in medicines.CLASSES.values()),
        ),
        Chapter(
            "Concomitant medicines of the REMS form",
            "Read from the chart, from what was named before the dose and from what was given in "
            "the visit; what isn't recognised is asked, never “no”.",
            f"`monitoring/knowledge/rems_classes.json`, {IN_FILE}",
            tuple(_counted(each) for each in concomitant.COUNTED),
        ),
        Chapter(
            "Serotonin toxicity: the Hunter criteria",
            "Not examined is never absent; without exposure the criteria don't apply, and with "
            "unknown exposure nothing is ruled out.",
            IN_CODE,
            tuple(
                Rule(each.code, each.words, hunter.SOURCE.text, hunter.SOURCE.certainty)
                for each in hunter.CRITERIA
            ),
        ),
        *(
            Chapter(f"{topic.capitalize()}: {title}", "", _file(topic), tuple(_rows(topic, title)))
            for topic in reviewed.topics()
            for title in reviewed.topic(topic)
        ),
    ]


def _file(topic: str) -> str:
    return f"`monitoring/reviewed/{topic}.json`, {IN_FILE}"


def _question(question: questions.Question) -> Rule:
    stops = [
        f"{choice.words}: {ASKS[choice.stop]}{' and a safety plan' if choice.safety_plan else ''}"
        for choice in question.choices
        if choice.stop
    ]
    default = "; ".join(stops) or "asked and kept, stops nothing"
    words = question.words.replace("{period}", "the set time")
    return Rule(words, default, question.source.text, question.source.certainty)


def _given(each: medicines.DrugClass) -> Rule:
    minutes = f", recheck after {each.minutes} min" if each.minutes else ""
    default = f"{each.effect}{minutes}"
    return Rule(each.words, default, each.source.text, each.source.certainty)


def _counted(each: concomitant.Counted) -> Rule:
    acts_as = [name.replace("_", " ") for name in each.acts_as]
    asks = [f"{name.replace('_', ' ')}: asked" for name in each.ask]
    default = f"{', '.join([*acts_as, *asks])}.{f' {each.why}' if each.why else ''}"
    return Rule(rems.CLASSES[each.key], default, each.source.text, each.source.certainty)


def _rows(topic: str, title: str) -> Iterable[Rule]:
    for row in reviewed.topic(topic)[title]:
        more = "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in row.more.items())
        yield Rule(
            row.code.replace("_", " "),
            f"{row.words}{f' ({more})' if more else ''}",
            row.source.text,
            row.source.certainty,
        )
