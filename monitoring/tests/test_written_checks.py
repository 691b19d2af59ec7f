"""Whole histories: what is due when, and which values alarm."""

from typing import Any

import pytest

from monitoring.tests.written import (
    BEFORE,
    COURSE,
    EU,
    alarms,
    at,
    device,
    drip,
    infused,
    judged,
    nasal,
    seen,
    states,
)

FORTY = "40 minutes"
LEAVING = "Before leaving"


def begun(*readings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return nasal(readings=[*BEFORE, *readings], assessment=None, **changes)


LATE = begun(seen(41, recorded_at=at(100)), now=101)
MOVED = [
    device(5, id="second"),
    device(0),
    device(15, corrects="second", recorded_at=at(50)),
]

CHECKS: dict[str, tuple[dict[str, Any], float, dict[str, str]]] = {
    "arrived, nothing measured": (
        nasal(readings=[], administrations=[]),
        -10,
        {"Before dose": "due"},
    ),
    "begun without a baseline": (begun(), 4.98, {"Before dose": "done", FORTY: "upcoming"}),
    "no baseline, five minutes in": (nasal(readings=[]), 5, {"Before dose": "overdue"}),
    "at 39 minutes": (begun(), 39.98, {FORTY: "upcoming"}),
    "at 40 minutes": (begun(), 40, {FORTY: "due"}),
    "at 44 minutes": (begun(), 44.98, {FORTY: "due"}),
    "at 45 minutes": (begun(), 45, {FORTY: "overdue"}),
    "taken at 45 minutes": (begun(seen(45)), 46, {FORTY: "done"}),
    "taken after 45 minutes": (begun(seen(45.02)), 46, {FORTY: "late"}),
    "taken at 29: too early": (begun(seen(29)), 41, {FORTY: "due"}),
    "taken at 30": (begun(seen(30)), 41, {FORTY: "done"}),
    "a set without a pressure settles nothing": (begun(seen(40, "")), 46, {FORTY: "overdue"}),
    "one set settles one check": (begun(seen(55)), 66, {FORTY: "late", "60 minutes": "overdue"}),
    "still overdue when the next is due": (
        begun(),
        70,
        {FORTY: "overdue", "60 minutes": "overdue"},
    ),
    "missed with a reason": (
        begun(missed={FORTY: "The patient slept"}),
        70,
        {FORTY: "missed", "60 minutes": "overdue"},
    ),
    "missed, with dots for a reason": (begun(missed={FORTY: "..."}), 70, {FORTY: "overdue"}),
    "an entry of an hour later, before": (LATE, 50, {FORTY: "overdue"}),
    "an entry of an hour later, after": (LATE, 100, {FORTY: "done"}),
    "at 119 minutes after the last device": (
        nasal(readings=list(COURSE)),
        124.98,
        {LEAVING: "upcoming"},
    ),
    "at two hours after the last device": (nasal(readings=list(COURSE)), 125, {LEAVING: "due"}),
    "five minutes later": (nasal(readings=list(COURSE)), 130, {LEAVING: "overdue"}),
    "a second device that came late moves the end only": (
        begun(administrations=[device(0), device(30)]),
        126,
        {FORTY: "overdue", "60 minutes": "overdue", LEAVING: "upcoming"},
    ),
    "a corrected device, before it was corrected": (
        nasal(administrations=MOVED),
        45,
        {FORTY: "done"},
    ),
    "a corrected device moves the end": (
        nasal(readings=list(COURSE), administrations=MOVED),
        130,
        {LEAVING: "upcoming"},
    ),
    "the EU protocol has the same checks": (begun(template=EU), 45, {FORTY: "overdue"}),
    "midazolam brings a recheck": (
        begun(seen(40), seen(60), medicines=[{"drug": "Midazolam", "at": at(60)}]),
        75,
        {"After Midazolam": "due", LEAVING: "upcoming"},
    ),
    "ondansetron brings none": (
        begun(seen(40), medicines=[{"drug": "Ondansetron", "at": at(45)}]),
        50,
        {FORTY: "done", "60 minutes": "upcoming"},
    ),
    "an infusion at 20 minutes": (
        drip(),
        20,
        {"15 minutes": "done", "30 minutes": "upcoming", "End of infusion": "upcoming"},
    ),
    "an infusion that has just ended": (
        drip(readings=[*BEFORE, seen(15), seen(30)]),
        40,
        {"End of infusion": "due", "15 minutes after end": "upcoming"},
    ),
    "an infusion that ended, five minutes later": (
        drip(readings=[*BEFORE, seen(15), seen(30)]),
        45,
        {"End of infusion": "overdue"},
    ),
    "an hour after an infusion": (drip(), 100, {LEAVING: "due"}),
}


@pytest.mark.parametrize(("document", "minute", "expected"), CHECKS.values(), ids=list(CHECKS))
def test_what_is_due_when(
    document: dict[str, Any], minute: float, expected: dict[str, str]
) -> None:
    found = states(document, minute)
    assert {label: found.get(label) for label in expected} == expected


def last(bp: str = "126/80", **values: Any) -> dict[str, Any]:
    return nasal(seen(126, bp, **values))


def iv(bp: str = "126/80", **values: Any) -> dict[str, Any]:
    return drip(seen(102, bp, **values))


HIGH, LOW = ("critical", "systolic"), ("critical", "diastolic")
ACHE = [{"term": "Headache", "onset_at": at(90)}]
ALARMS: dict[str, tuple[dict[str, Any], set[tuple[str, str]]]] = {
    "a usual session": (nasal(), set()),
    "180": (last("180/95"), {HIGH}),
    "179": (last("179/95"), {("watch", "systolic")}),
    "110": (last("150/110"), {LOW}),
    "109": (last("150/109"), {("watch", "diastolic")}),
    "a rise of 40": (last("164/80"), {("watch", "systolic")}),
    "a rise of 39": (last("163/80"), set()),
    "a diastolic rise of 25": (last("140/103"), {("watch", "diastolic")}),
    "a diastolic rise of 24": (last("140/102"), set()),
    "89": (last("89/60"), {HIGH}),
    "90": (last("90/60"), set()),
    "49": (last("100/49"), {LOW}),
    "50": (last("100/50"), set()),
    "SpO2 89": (last(spo2=89), {("critical", "spo2")}),
    "SpO2 90": (last(spo2=90), {("watch", "spo2")}),
    "SpO2 94, down by 4": (last(spo2=94), {("watch", "spo2")}),
    "SpO2 95": (last(spo2=95), set()),
    "SpO2 89 with oxygen": (
        last(spo2=89, oxygen_l_min=4),
        {("critical", "spo2")},
    ),
    "MOAA/S 4": (last(sedation=4), set()),
    "MOAA/S 3": (last(sedation=3), {("watch", "sedation")}),
    "MOAA/S 2": (last(sedation=2), {("critical", "sedation")}),
    "MOAA/S 0": (last(sedation=0), {("critical", "sedation")}),
    "breathing 7": (last(resp_rate=7), {("critical", "resp_rate")}),
    "breathing 8": (last(resp_rate=8), set()),
    "pulse 131": (last(pulse=131), {("critical", "pulse")}),
    "pulse 130": (last(pulse=130), set()),
    "pulse 39": (last(pulse=39), {("critical", "pulse")}),
    "pulse 40": (last(pulse=40), set()),
    "39.0 degrees": (last(temperature=39.0), {("critical", "temperature")}),
    "38.9 degrees": (last(temperature=38.9), set()),
    "a missing value keeps the alarm": (
        nasal(seen(120, spo2=88), seen(126, spo2=None)),
        {("critical", "spo2")},
    ),
    "a good value ends it": (nasal(seen(120, spo2=88), seen(126, spo2=97)), set()),
    "a corrected value ends it": (
        nasal(seen(126, "190/100", id="a"), seen(126, corrects="a", recorded_at=at(127))),
        set(),
    ),
    "high before the dose, and no higher": (
        nasal(readings=[seen(-10, "150/95"), seen(126, "150/95")]),
        set(),
    ),
    "nothing to compare with": (
        nasal(readings=[seen(126)]),
        {("watch", m) for m in ("systolic", "diastolic", "spo2", "sedation")},
    ),
    "an infusion: SpO2 91": (iv(spo2=91), {("critical", "spo2")}),
    "an infusion: dissociation an hour after its end": (
        drip(seen(100, dissociation=1)),
        {("watch", "dissociation")},
    ),
    "an infusion: dissociation 59 minutes after its end": (drip(seen(99, dissociation=1)), set()),
    "an infusion: dissociation while it runs": (
        drip(seen(102, dissociation=3), administrations=infused(None)),
        set(),
    ),
    "devices: dissociation at 126": (last(dissociation=1), set()),
    "an infusion: SpO2 92": (iv(spo2=92), {("watch", "spo2")}),
    "an infusion: pulse 49": (iv(pulse=49), {("critical", "pulse")}),
    "an infusion: pulse 50": (iv(pulse=50), set()),
    "an infusion: pulse up by 30": (iv(pulse=102), {("watch", "pulse")}),
    "an infusion: a rise of a quarter with symptoms": (
        drip(seen(102, "155/80"), adverse_events=ACHE),
        {HIGH},
    ),
    "an infusion: less than a quarter with symptoms": (
        drip(seen(102, "154/80"), adverse_events=ACHE),
        set(),
    ),
    "an infusion: a rise of a quarter without symptoms": (iv("155/80"), set()),
}


@pytest.mark.parametrize(("document", "expected"), ALARMS.values(), ids=list(ALARMS))
def test_which_values_alarm(document: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    assert alarms(document) == expected


def override(**changes: Any) -> dict[str, Any]:
    told = {"by": "N. Okafor", "second_person": "Dr Ruiz", "is_prescriber": True}
    return {"override": told | {"reason": "Is taken to hospital by the family"} | changes}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (nasal(seen(126, spo2=93), **override()), ""),
        (nasal(**override()), "without an override"),
        (nasal(escort=None, **override(second_person="n. okafor")), "somebody else"),
        (nasal(escort=None, **override(is_prescriber=False)), "a prescriber"),
        (nasal(escort=None, **override(reason="Ill")), "10 characters"),
        (drip(administrations=infused(None), **override()), "First finish the dose"),
    ],
)
def test_two_people_override_the_gate(document: dict[str, Any], why: str) -> None:
    answer = judged(document)
    assert why in answer["override"]
    assert answer["may_leave"] is (why == "" or answer["ready"])


def test_what_is_written_later_is_not_known_yet() -> None:
    answer = judged(nasal(), 45)
    assert answer["not_yet_written"] == [
        "readings[2]", "readings[3]", "readings[4]", "assessment",
    ]  # fmt: skip
    assert "future_time" not in answer["open"]


def test_an_infusion_runs_until_its_end_is_written() -> None:
    assert "infusion_running" in judged(drip(), 39)["open"]
    assert "infusion_running" not in judged(drip(), 40)["open"]


def test_times_are_told_in_the_zone_in_which_was_asked() -> None:
    (check, *_) = judged(nasal() | {"now": "2026-11-16T16:10:00+00:00"})["checks"]
    assert check["due_at"] == "2026-11-16T14:00:00+00:00"
