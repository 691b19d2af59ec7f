"""Clinical rules as they are told to a clinician, made from the data of the product."""

from datetime import time
from typing import Any, NamedTuple

from clinic.models.policy import Policy
from clinic.provenance import Certainty


class Rule(NamedTuple):
    name: str
    default: str
    source: str
    certainty: Certainty


class Chapter(NamedTuple):
    title: str
    lead: str
    where: str  # to change it
    rules: tuple[Rule, ...]


def certainty_of(source: str) -> Certainty:
    """Read the mark that stands in a source's own words."""
    words = source.lower()
    if "clinic setting" in words or "proposed" in words or not source:
        return Certainty.PROPOSED
    if "unverified" in words or "off-label" in words:
        return Certainty.UNVERIFIED
    return Certainty.READ


def of_policy(policy: type[Policy]) -> Chapter:
    """Tell a clinic's settings, which the admin shows under the same name."""
    plural = str(policy._meta.verbose_name_plural)
    rules = tuple(
        Rule(str(field.verbose_name), told(field.get_default()), source.text, source.certainty)
        for field in policy.settings()
        if (source := policy.SOURCES.get(field.name))
    )
    title = f"{str(policy._meta.verbose_name).capitalize()}: the clinic's settings"
    return Chapter(title, "", f"Admin, {policy._meta.app_config.verbose_name}, {plural}", rules)


def told(value: Any) -> str:
    """Say a value in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:%H:%M}" if isinstance(value, time) else str(value)
