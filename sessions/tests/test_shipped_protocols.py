from dataclasses import fields
from datetime import date

import pytest

from sessions import chair_time
from sessions.dosing import devices_for
from sessions.planning import Calendar, Course, plan
from sessions.shipped import parse, read_all
from sessions.specs import MISSED_RULES

PROTOCOLS = {protocol.key: protocol for protocol in read_all()}
MONITORING_KEYS = {
    "min_minutes_after_last_dose",
    "bp_discharge_systolic",
    "bp_discharge_diastolic",
    "bp_ceiling_systolic",
    "bp_ceiling_diastolic",
    "bp_near_previous_mmhg",
    "recent_minutes",
    "spo2_min",
    "peak_window_from",
    "peak_window_to",
    "moaas_ready",
    "dissociation_ready",
    "alert_systolic",
    "alert_diastolic",
    "alert_systolic_low",
    "alert_diastolic_low",
    "alert_spo2",
    "alert_moaas",
    "alert_resp_rate",
    "alert_pulse_high",
    "alert_pulse_low",
    "alert_temperature",
    "alert_bp_rise_percent",
    "watch_systolic_rise",
    "watch_diastolic_rise",
    "watch_bp_rise_percent",
    "watch_moaas_drop",
    "watch_spo2_drop",
    "watch_pulse_change",
    "watch_dissociation_minutes",
    "predose_systolic",
    "predose_diastolic",
    "predose_older_age",
    "predose_older_systolic",
    "predose_older_diastolic",
    "predose_food_minutes",
    "predose_fluids_minutes",
    "predose_nasal_minutes",
    "predose_needs_weight",
    "predose_recent_minutes",
    "overdue_after_minutes",
    "escort_required",
    "checks",
}
ANCHORS = {"before_dose", "first_dose", "last_dose", "infusion_start", "infusion_end"}
every_protocol = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS.keys())


def test_seven_protocols_are_shipped():
    assert set(PROTOCOLS) == {
        "esketamine-trd-us",
        "esketamine-mdsi-us",
        "esketamine-trd-eu",
        "esketamine-emergency-eu",
        "ketamine-iv-twice-weekly",
        "ketamine-iv-thrice-weekly",
        "taper",
    }


@pytest.mark.parametrize(
    ("key", "sessions", "weeks"),
    [
        ("esketamine-mdsi-us", 8, 4),
        ("esketamine-emergency-eu", 8, 4),
        ("ketamine-iv-twice-weekly", 6, 3),
        ("ketamine-iv-thrice-weekly", 6, 2),
        ("taper", 11, 21),
    ],
)
def test_a_finite_protocol_has_its_sessions_and_weeks(key, sessions, weeks):
    planned = plan(PROTOCOLS[key], Course(date(2026, 3, 2)), Calendar())
    assert (len(planned.placed), planned.sessions[-1].week) == (sessions, weeks)


@pytest.mark.parametrize("key", ["esketamine-trd-us", "esketamine-trd-eu"])
def test_treatment_resistant_depression_goes_on_without_end(key):
    assert plan(PROTOCOLS[key], Course(date(2026, 3, 2)), Calendar()).open_ended


@every_protocol
def test_every_value_of_a_protocol_names_its_source(protocol):
    named = {"visit_minutes", "min_observation_minutes", "min_age"}
    named |= {f"monitoring.{key}" for key in MONITORING_KEYS - {"checks"}}
    assert named <= protocol.sources.keys()
    assert protocol.source
    assert all(protocol.sources.values())
    assert all(check["source"] for check in protocol.monitoring["checks"])


@every_protocol
def test_every_value_of_a_phase_names_its_source(protocol):
    descriptive = {"name", "order", "doses", "sources"}
    for phase in protocol.phases:
        given = {f.name for f in fields(phase) if getattr(phase, f.name) not in (None, ())}
        assert given - descriptive <= phase.sources.keys()
        assert phase.missed_rule in MISSED_RULES


@every_protocol
def test_every_dose_can_be_prepared_and_names_its_source(protocol):
    for dose in (dose for phase in protocol.phases for dose in phase.doses):
        assert dose.source
        assert (dose.mg is None) == (protocol.route == "iv")
        if dose.mg is not None:
            assert devices_for(dose.mg) <= 3


@every_protocol
def test_the_monitoring_template_is_complete(protocol):
    assert protocol.monitoring.keys() == MONITORING_KEYS
    checks = protocol.monitoring["checks"]
    assert {frozenset(check) - {"every_minutes"} for check in checks} == {
        frozenset({"label", "anchor", "minute", "source"})
    }
    assert {check["anchor"] for check in checks} <= ANCHORS
    assert checks[0]["anchor"] == "before_dose"
    assert checks[-1]["minute"] == protocol.monitoring["min_minutes_after_last_dose"]
    assert len({check["label"] for check in checks}) == len(checks)


@every_protocol
def test_an_infusion_is_checked_every_15_minutes_and_a_spray_at_set_times(protocol):
    checks = protocol.monitoring["checks"]
    repeated = [(c["minute"], c["every_minutes"]) for c in checks if "every_minutes" in c]
    minutes = [c["minute"] for c in checks]
    if protocol.route == "iv":
        assert repeated == [(30, 15)]
        assert minutes == [0, 15, 30, 0, 15, 30, 60]
    else:
        assert (repeated, minutes) == ([], [0, 40, 60, 90, 120])


@every_protocol
def test_the_visit_has_room_for_dose_and_observation(protocol):
    assert not chair_time.too_short(protocol)


def test_an_unknown_key_in_a_file_is_refused():
    with pytest.raises(TypeError, match="colour"):
        parse({"phases": [{"colour": 1, "doses": []}], "monitoring": {}})


@pytest.mark.parametrize("key", ["ketamine-iv-twice-weekly", "ketamine-iv-thrice-weekly"])
def test_an_infusion_is_watched_for_an_hour_after_its_end(key):
    monitoring = PROTOCOLS[key].monitoring
    last = max(
        (check for check in monitoring["checks"] if check["anchor"] == "infusion_end"),
        key=lambda check: check["minute"],
    )
    assert (monitoring["min_minutes_after_last_dose"], last["minute"]) == (60, 60)
