"""What is understood of medicines, as plain data: for the command and for other programs."""

from typing import Any

from patients.medicines import interactions, knowledge
from patients.medicines.interactions import Alert, Context
from patients.medicines.reading import Reading, Taken
from patients.medicines.resolver import resolve

CONTEXTS = {
    "nasal": Context("esketamine", "nasal"),
    "iv": Context("ketamine", "iv"),
}


def explain(texts: list[str], context: Context) -> dict[str, Any]:
    """Return a document of one shape; `explain_medication` describes it."""
    readings = [resolve(text) for text in texts]
    return {
        "context": {"drug": context.drug, "route": context.route},
        "medicines": [of_reading(each) for each in readings],
        "alerts": [of_alert(each) for each in interactions.evaluate(readings, context)],
    }


def of_reading(reading: Reading) -> dict[str, Any]:
    return {
        "text": reading.text,
        "status": status(reading),
        "ingredients": [_ingredient(each) for each in reading.taken],
        "product_atc": list(reading.product_atc),
        "classes": sorted(reading.classes),
        "uncertain": list(reading.uncertain),
        "former": list(reading.former),
        "unresolved": [
            {"text": each.text, "reason": each.doubt.value, "why": each.why}
            for each in reading.unresolved
        ],
    }


def status(reading: Reading) -> str:
    if reading.unresolved:
        return "unresolved"
    return "uncertain" if reading.uncertain else "understood"


def _ingredient(each: Taken) -> dict[str, Any]:
    return {
        "name": each.name,
        "atc": list(each.atc),
        "route": each.route or "unknown",
        "route_from": each.route_from,
        "classes": sorted(each.classes),
        "read_as": each.how,
        "words": each.words,
    }


def of_alert(alert: Alert) -> dict[str, Any]:
    return {
        "rule": alert.rule.id,
        "title": alert.rule.title,
        "tier": alert.rule.tier,
        "severity": alert.rule.severity.value,
        "interrupts": alert.rule.interrupts,
        "ingredients": list(alert.ingredients),
        "medicines": list(alert.medicines),
        "why": alert.rule.why,
        "do": alert.rule.do,
        "source": alert.rule.source.text,
        "certainty": alert.rule.source.certainty.value,
    }


def medicine_in_words(medicine: dict[str, Any]) -> list[str]:
    """Say in lines what `of_reading` says as data."""
    lines = [f"{medicine['text']}: {medicine['status']}"]
    for each in medicine["ingredients"]:
        acts = ", ".join(labels(frozenset(each["classes"]))) or "no class of interest"
        codes = ", ".join(each["atc"]) or "no ATC code"
        lines.append(f"  {each['name']} ({codes}), {each['route']}: {acts}")
    lines += [f"  former: {each}" for each in medicine["former"]]
    lines += [f"  uncertain: {each}" for each in medicine["uncertain"]]
    return lines + [f"  check by hand: {u['text']}. {u['why']}" for u in medicine["unresolved"]]


def alert_in_words(alert: dict[str, Any]) -> list[str]:
    """Say in lines what `of_alert` says as data."""
    stop = ", interrupts" if alert["interrupts"] else ""
    return [
        f"{alert['severity'].upper()}{stop}: {alert['title']}",
        f"  because of: {'; '.join(alert['medicines'])}",
        f"  {alert['why']}",
        f"  {alert['do']}",
        f"  source: {alert['source']} ({alert['certainty']})",
    ]


def labels(classes: frozenset[str]) -> list[str]:
    """Name classes in words."""
    return sorted(knowledge.classes()[each]["label"] for each in classes)
