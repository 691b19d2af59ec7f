"""The page of clinical rules says what the product does."""

from datetime import timedelta

from django.core.management import call_command

from desk import rulebook
from monitoring import rulebook as monitoring_rulebook
from monitoring.discharge import gate_of
from monitoring.evidence import Evidence
from monitoring.readings import Settings
from monitoring.tests.builders import START, history
from sessions.models import MonitoringTemplate
from sessions.protocols import THRESHOLDS, WORDS


def test_the_page_is_what_the_data_say():
    call_command("clinical_rules", check=True)


def test_every_rule_has_a_source():
    bare = [
        rule.name for chapter in rulebook.chapters() for rule in chapter.rules if not rule.source
    ]
    assert bare == []


def test_every_setting_of_a_monitoring_template_is_told_in_words():
    bare = {name for name in THRESHOLDS if WORDS[name] == name.replace("_", " ")}
    fields = MonitoringTemplate._meta.concrete_fields
    bare |= {field.name for field in fields if field.name in THRESHOLDS and not field.help_text}
    assert bare == set()


def test_every_setting_of_a_clinic_names_its_source():
    bare = [
        f"{policy.__name__}.{field.name}"
        for policy in rulebook.policies()
        for field in policy.settings()
        if field.name not in policy.SOURCES
    ]
    assert bare == []


def test_every_condition_of_the_gate_is_told():
    no_dose = {"no_dose"}
    told = set(monitoring_rulebook.CONDITIONS)
    assert told == {condition.code for condition in gate_of(evidence()).conditions} - no_dose


def evidence() -> Evidence:
    return Evidence(history(), Settings(), START + timedelta(minutes=126))
