"""Whole histories and what stands between the patient and the door, with the reason for it."""

from typing import Any

import pytest

from monitoring.tests.written import (
    BEFORE,
    COURSE,
    EU,
    assessed,
    at,
    decided,
    device,
    drip,
    infused,
    judged,
    nasal,
    seen,
)

STALE = {"bp_predeparture_missing", "bp_high", "sedation", "dissociation", "spo2"}
TIME = {"minimum_time", "assessment"}


def two(*minutes: float, now: float, last: float, said: float, **changes: Any) -> dict[str, Any]:
    """Devices at these minutes, the last set and the assessment."""
    given = [device(minute) for minute in minutes]
    told = {"administrations": given, "assessment": assessed(said)}
    return nasal(seen(last), now=now, **told | changes)


def at_peak(minute: float, **values: Any) -> dict[str, Any]:
    return nasal(readings=[*BEFORE, seen(minute, "150/88", **values), seen(90), seen(126)])


def rising(before: str, latest: str, **changes: Any) -> dict[str, Any]:
    """The peak at 40 minutes was 165/105 and 150/88 at 60; the last two pressures."""
    course = [*BEFORE, seen(40, "165/105"), seen(60, "150/88")]
    return nasal(readings=[*course, seen(110, before), seen(126, latest)], **changes)


def rescued(drug: str, given: float, *last: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return nasal(*last, medicines=[{"drug": drug, "at": at(given)}], **changes)


LATE_RISE = [seen(-10, "116/79"), seen(40, "137/85"), seen(60), seen(90), seen(120, "200/99")]
AMLODIPINE = [{"drug": "Amlodipine 10 mg", "at": at(125)}]
BROKEN = [*COURSE, seen(124), seen(126, spo2=93)]
FALLS_BACK = {  # the clocks go back at 02:00: 125 minutes look like 65
    "now": "2026-11-01T01:06:00-05:00",
    "arrived_at": "2026-10-31T23:30:00-04:00",
    "administrations": [{"started_at": "2026-11-01T00:00:00-04:00"}],
    "readings": [
        seen(0) | {"observed_at": time}
        for time in (
            "2026-10-31T23:50:00-04:00",
            "2026-11-01T00:40:00-04:00",
            "2026-11-01T01:01:00-05:00",
        )
    ],
    "assessment": assessed(0) | {"at": "2026-11-01T01:05:00-05:00"},
}
SPRINGS_FORWARD = {  # the clocks go on at 02:00: 65 minutes look like 125
    "now": "2026-03-08T03:06:00-04:00",
    "arrived_at": "2026-03-08T00:30:00-05:00",
    "administrations": [{"started_at": "2026-03-08T01:00:00-05:00"}],
    "readings": [
        seen(0) | {"observed_at": time}
        for time in (
            "2026-03-08T00:50:00-05:00",
            "2026-03-08T01:40:00-05:00",
            "2026-03-08T03:02:00-04:00",
        )
    ],
    "assessment": assessed(0) | {"at": "2026-03-08T03:05:00-04:00"},
}

GATE: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a usual session, US": (nasal(), set()),
    "a usual session, EU": (nasal(template=EU), set()),
    "a second before the two hours": (nasal(seen(120), now=124.98, assessment=None), TIME),
    "two hours to the second": (two(0, 5, now=125, last=120, said=125), set()),
    "assessed a second too early": (two(0, 5, now=130, last=120, said=124.98), {"assessment"}),
    "two hours from the last device": (two(0, 30, now=130, last=126, said=128), TIME),
    "a third device": (two(0, 5, 10, now=129, last=126, said=128), TIME),
    "a third device, ten minutes later": (two(0, 5, 10, now=131, last=126, said=130), set()),
    "a refused device moves nothing": (
        two(
            0,
            now=121,
            last=118,
            said=120,
            administrations=[device(0), device(5, outcome="refused")],
        ),
        set(),
    ),
    "half a device counts": (
        nasal(administrations=[device(0), device(12, outcome="one_spray")]),
        TIME,
    ),
    "a faulty device may have given some": (
        nasal(administrations=[device(0), device(20, outcome="faulty")]),
        TIME,
    ),
    "nothing was given": (
        nasal(administrations=[], readings=list(BEFORE), assessment=None, now=0),
        {
            "no_dose",
        },
    ),
    "peak at 29": (at_peak(29), {"bp_peak_missing"}),
    "peak at 30": (at_peak(30), set()),
    "peak at 60": (at_peak(60), set()),
    "peak at 61 without a reason": (at_peak(61), {"bp_peak_missing"}),
    "peak at 61 with a reason": (at_peak(61, late_reason="The cuff failed"), set()),
    "peak at 61 with dots": (at_peak(61, late_reason="..."), {"bp_peak_missing"}),
    "peak missed with a reason": (
        nasal(readings=[*BEFORE, seen(90), seen(126)], missed={"40 minutes": "Patient slept"}),
        set(),
    ),
    "no baseline": (nasal(readings=[*COURSE[1:], seen(126)]), {"bp_baseline_missing"}),
    "a set at the very first dose is no baseline": (
        nasal(readings=[seen(0), *COURSE[1:], seen(126)]),
        {"bp_baseline_missing"},
    ),
    "baseline hypertension that settles": (
        nasal(
            readings=[
                seen(-10, "150/95"),
                seen(40, "158/98"),
                seen(100, "150/94"),
                seen(126, "148/92"),
            ]
        ),
        set(),
    ),
    "140/90": (rising("130/80", "140/90"), set()),
    "141/90 after 140/90": (rising("140/90", "141/90"), {"bp_high"}),
    "141/91 after 145/95, falling": (rising("145/95", "141/91"), set()),
    "a fall of more than 10 is not steady": (rising("155/90", "144/88"), {"bp_high"}),
    "a clinician decides 146/88": (
        rising("140/86", "146/88", assessment=decided(128, "bp_high")),
        set(),
    ),
    "159/99 falling": (rising("162/104", "159/99"), set()),
    "160 at the ceiling": (rising("164/90", "160/90"), {"bp_high"}),
    "100 at the ceiling": (rising("140/104", "138/100"), {"bp_high"}),
    "a nurse can't decide 160": (
        rising("164/90", "160/90", assessment=decided(128, "bp_high")),
        {"bp_high"},
    ),
    "a prescriber decides 160": (
        rising("164/90", "160/90", assessment=decided(128, "bp_high", True)),
        set(),
    ),
    "nobody decides 180": (
        nasal(seen(126, "180/95"), assessment=decided(128, "bp_high", True)),
        {"critical"},
    ),
    "179/109 is high, not critical": (nasal(seen(126, "179/109")), {"bp_high"}),
    "a late rise": (
        nasal(readings=LATE_RISE, now=124, assessment=None),
        {
            *TIME,
            "bp_high",
            "critical",
        },
    ),
    "a late rise, amlodipine, rechecked an hour later": (
        nasal(
            readings=[*LATE_RISE, seen(185, "110/66")],
            medicines=AMLODIPINE,
            now=187,
            assessment=assessed(186),
        ),
        set(),
    ),
    "a late rise, amlodipine, half an hour later": (
        nasal(
            readings=[*LATE_RISE, seen(155, "118/70")],
            medicines=AMLODIPINE,
            now=157,
            assessment=assessed(156),
        ),
        {*TIME, "medicine_recheck"},
    ),
    "89/55": (nasal(seen(126, "89/55")), {"bp_low"}),
    "90/50": (nasal(seen(126, "90/50")), set()),
    "a prescriber decides 89/55": (
        nasal(seen(126, "89/55"), assessment=decided(128, "bp_low", True)),
        set(),
    ),
    "a nurse can't decide 89/55": (
        nasal(seen(126, "89/55"), assessment=decided(128, "bp_low")),
        {"bp_low"},
    ),
    "SpO2 94": (nasal(seen(126, spo2=94)), set()),
    "SpO2 93": (nasal(seen(126, spo2=93)), {"spo2"}),
    "SpO2 90": (nasal(seen(126, spo2=90)), {"spo2"}),
    "SpO2 89": (nasal(seen(126, spo2=89)), {"spo2", "critical"}),
    "SpO2 97 on oxygen": (nasal(seen(126, spo2=97, oxygen_l_min=2)), {"spo2"}),
    "after oxygen, unsaid": (
        nasal(seen(100, spo2=97, oxygen_l_min=2), seen(126)),
        {"spo2"},
    ),
    "after oxygen, on room air": (
        nasal(seen(100, spo2=97, oxygen_l_min=2), seen(126, oxygen_l_min=0)),
        set(),
    ),
    "89 before, 97 on oxygen after: still critical off it": (
        nasal(seen(120, spo2=88), seen(126, spo2=97, oxygen_l_min=2)),
        {"spo2", "critical"},
    ),
    "no SpO2 in the last set": (nasal(seen(126, spo2=None)), {"spo2"}),
    "no MOAA/S in the last set": (nasal(seen(126, sedation=None)), {"sedation"}),
    "no dissociation in the last set": (nasal(seen(126, dissociation=None)), {"dissociation"}),
    "no pressure in the last set": (
        nasal(seen(126, "")),
        {"bp_predeparture_missing", "bp_high"},
    ),
    "MOAA/S 4": (nasal(seen(126, sedation=4)), {"sedation"}),
    "nobody decides MOAA/S 4 from 5": (
        nasal(seen(126, sedation=4), assessment=decided(128, "sedation", True)),
        {"sedation"},
    ),
    "MOAA/S 4 as before": (
        nasal(readings=[seen(-10, sedation=4), *COURSE[1:], seen(126, sedation=4)]),
        {"sedation"},
    ),
    "a prescriber decides MOAA/S 4 as before": (
        nasal(
            readings=[seen(-10, sedation=4), *COURSE[1:], seen(126, sedation=4)],
            assessment=decided(128, "sedation", True),
        ),
        set(),
    ),
    "dissociation 1": (nasal(seen(126, dissociation=1)), {"dissociation"}),
    "a prescriber decides dissociation 1 as before": (
        nasal(
            readings=[seen(-10, dissociation=1), *COURSE[1:], seen(126, dissociation=1)],
            assessment=decided(128, "dissociation", True),
        ),
        set(),
    ),
    "two sets of one minute, one of them bad": (nasal(seen(126), seen(126, spo2=93)), {"spo2"}),
    "a set with the bad value last": (nasal(readings=BROKEN), {"spo2"}),
    "an open event": (
        nasal(adverse_events=[{"term": "Nausea", "onset_at": at(50)}]),
        {
            "adverse_event",
        },
    ),
    "two events, one open": (
        nasal(
            adverse_events=[
                {"term": "Nausea", "onset_at": at(50), "resolved_at": at(80)},
                {"term": "Headache", "onset_at": at(60)},
            ]
        ),
        {"adverse_event"},
    ),
    "an event that ended after the assessment": (
        nasal(adverse_events=[{"term": "Nausea", "onset_at": at(50), "resolved_at": at(129)}]),
        {"assessment"},
    ),
    "an emergency runs": (nasal(going_on=["Emergency"]), {"trouble"}),
    "no escort": (nasal(escort=None), {"escort"}),
    "the escort isn't reached": (nasal(escort={"name": "Sam", "reached": False}), {"escort"}),
    "a taxi alone": (nasal(escort={"name": "City cab", "kind": "taxi"}), {"escort"}),
    "a taxi where the clinic accepts it": (
        nasal(escort={"name": "City cab", "kind": "taxi"}, way_home_accepts=["taxi"]),
        set(),
    ),
    "medical transport": (nasal(escort={"name": "Medics", "kind": "medical_transport"}), set()),
    "means to drive": (nasal(means_to_drive=True), {"driving"}),
    "no assessment": (nasal(assessment=None), {"assessment"}),
    "found not ready": (nasal(assessment=assessed(128, ready=False)), {"assessment"}),
    "assessed by nobody": (nasal(assessment=assessed(128, by=" ")), {"assessment"}),
    "assessed before the last set": (nasal(seen(126), seen(129)), {"assessment"}),
    "a set written after the assessment": (
        nasal(seen(126, recorded_at=at(129))),
        {"assessment"},
    ),
    "corrected before the assessment": (
        nasal(seen(126, "190/100", id="typo"), seen(126, corrects="typo", recorded_at=at(127))),
        set(),
    ),
    "corrected after the assessment": (
        nasal(seen(126, id="typo"), seen(126, "128/80", corrects="typo", recorded_at=at(129))),
        {"assessment"},
    ),
    "the last set was entered in error": (
        nasal(seen(126, entered_in_error_at=at(129))),
        STALE | {"assessment"},
    ),
    "a device entered in error after the assessment": (
        nasal(administrations=[device(0), device(5), device(4, entered_in_error_at=at(129))]),
        {"assessment"},
    ),
    "the last set is 30 minutes old": (nasal(now=156), set()),
    "the last set is 31 minutes old": (nasal(now=157), STALE),
    "an entry lies ahead": (nasal(seen(126), seen(135)), {"future_time"}),
    "the clock jumped": (nasal(clock_suspect=True), {"clock"}),
    "midazolam starts the observation again": (
        rescued("Midazolam 2 mg", 60),
        TIME,
    ),
    "midazolam, two hours later": (
        rescued("Midazolam 2 mg", 60, seen(126), seen(178), now=182, assessment=assessed(181)),
        set(),
    ),
    "midazolam, rechecked without MOAA/S": (
        rescued(
            "Midazolam",
            60,
            seen(178, sedation=None),
            now=182,
            assessment=assessed(181),
            readings=[*COURSE[:-2], seen(178, sedation=None)],
        ),
        {"medicine_recheck", "sedation"},
    ),
    "ondansetron changes nothing": (rescued("Ondansetron 4 mg", 60), set()),
    "flumazenil asks for two hours more": (rescued("Flumazenil", 60), {*TIME, "medicine_recheck"}),
    "a medicine that nobody knows": (rescued("Zorblax", 101), {*TIME}),
    "a medicine after the assessment": (rescued("Ondansetron", 129), {"assessment"}),
    "the clocks go back": (nasal() | FALLS_BACK, set()),
    "the clocks go on": (nasal() | SPRINGS_FORWARD, TIME),
    "another zone is the same moment": (nasal(now=130) | {"now": "2026-11-16T16:10:00Z"}, set()),
    "a usual infusion": (drip(), set()),
    "an infusion runs": (
        drip(now=36, administrations=infused(None), readings=list(BEFORE), assessment=None),
        {
            "infusion_running",
            "minimum_time",
            "assessment",
            "bp_peak_missing",
            *STALE,
        },
    ),
    "an hour from the infusion's end, less a second": (
        drip(seen(98), now=99.98, assessment=None),
        TIME,
    ),
    "an hour from the infusion's end": (drip(seen(98), now=100, assessment=assessed(100)), set()),
    "an infusion paused and resumed": (
        drip(
            administrations=[],
            infusion_steps=[
                {"kind": "start", "at": at(0)},
                {"kind": "pause", "at": at(20)},
                {"kind": "resume", "at": at(30)},
                {"kind": "stop", "at": at(50)},
            ],
        ),
        TIME,
    ),
    "SpO2 91 at an infusion": (drip(seen(102, spo2=91)), {"spo2", "critical"}),
    "SpO2 92 at an infusion": (drip(seen(102, spo2=92)), {"spo2"}),
    "a rise of a quarter with symptoms": (
        drip(seen(102, "155/80"), adverse_events=[{"term": "Headache", "onset_at": at(90)}]),
        {"adverse_event", "bp_high", "critical"},
    ),
}


@pytest.mark.parametrize(("document", "expected"), GATE.values(), ids=list(GATE))
def test_what_stands_between_the_patient_and_the_door(
    document: dict[str, Any], expected: set[str]
) -> None:
    answer = judged(document)
    assert set(answer["open"]) == expected
    assert answer["ready"] is (not expected)
