from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitoring.discharge import gate
from monitoring.readings import Administration, Assessment, Escort, History, Medicine, Reading
from monitoring.tests.builders import SETTINGS, START
from monitoring.tests.second_opinion import open_points

MINUTE = 60
VALUES: dict[str, list[int | bool | None]] = {
    "s": [None, 0, 118, 138, 140, 141, 148, 150, 158, 159, 160, 172, 900],
    "d": [None, 0, 70, 88, 90, 91, 95, 99, 100, 108],
    "spo2": [None, 0, 90, 91, 93, 94, 97, 101],
    "oxygen": [None, 0, 2],
    "moaas": [None, 2, 4, 5, 5, 6],
    "diss": [None, 0, 0, 1, 2],
    "refused": [False, True],
    "late": [False, True],
}
TIMES = [-20, -10, 0, 5, 10, 29, 30, 40, 60, 61, 75, 94, 95, 110, 119, 120, 124, 125, 126, 200]
seconds = st.sampled_from(TIMES).flatmap(
    lambda minute: st.sampled_from([-1, 0, 0, 0, 1]).map(lambda s: minute * MINUTE + s)
)


def full_row(t: int) -> dict:
    values = {"s": 122, "d": 76, "spo2": 97, "oxygen": None, "moaas": 5, "diss": 0}
    return {"t": t, "written": t, "refused": False, "late": False} | values


def clean_case() -> dict:
    return {
        "devices": [0, 5 * MINUTE],
        "rows": [full_row(minute * MINUTE) for minute in (-10, 40, 110, 120)],
        "now": 125 * MINUTE,
        "assessed": 125 * MINUTE,
        "escort": True,
        "drives": False,
        "event": False,
        "emergency": False,
        "clock": False,
        "missed": False,
        "drugs": [],
        "withdrawn": None,
        "events_written": [],
        "decided": False,
        "prescriber": False,
        "oxygen_at": None,
    }


@st.composite
def cases(draw) -> dict:
    """A clean history spoilt in a few points, so that open and shut gates are both common."""
    case = clean_case()
    for _ in range(draw(st.integers(0, 4))):
        row = draw(st.sampled_from(case["rows"])) if case["rows"] else full_row(0)
        key = draw(st.sampled_from(sorted(VALUES)))
        row[key] = draw(st.sampled_from(VALUES[key]))
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=3)):
        change(case, draw)
    draw(st.randoms(use_true_random=False)).shuffle(case["rows"])
    return case


def _add_row(case, draw):
    row = full_row(draw(seconds))
    for key in draw(st.sets(st.sampled_from(sorted(VALUES)), max_size=5)):
        row[key] = draw(st.sampled_from(VALUES[key]))
    case["rows"].append(row)


def _drop_row(case, draw):
    if case["rows"]:
        case["rows"].pop(draw(st.integers(0, len(case["rows"]) - 1)))


def _write_later(case, draw):
    for row in case["rows"][:1]:
        row["written"] = draw(seconds)


def _move_now(case, draw):
    case["now"] = draw(seconds)
    case["assessed"] = draw(st.sampled_from([case["now"], case["assessed"]]))


def _change_devices(case, draw):
    case["devices"] = draw(st.lists(seconds, max_size=3))


def _change_assessment(case, draw):
    case["assessed"] = draw(st.none() | seconds)


def _decide(case, draw):
    case["decided"], case["prescriber"] = True, draw(st.booleans())


def _flip(case, draw):
    key = draw(st.sampled_from(["escort", "drives", "event", "emergency", "clock", "missed"]))
    case[key] = not case[key]


def _give_drug(case, draw):
    effect = draw(st.sampled_from(["none", "recheck", "restart"]))
    minutes = 0 if effect == "none" else draw(st.sampled_from([1, 5, 15, 25, 60]))
    t = draw(seconds)
    written = draw(st.just(t) | seconds)
    case["drugs"].append({"t": t, "written": written, "effect": effect, "minutes": minutes})


def _withdraw(case, draw):
    case["withdrawn"] = draw(seconds)


def _report(case, draw):
    case["events_written"].append(draw(seconds))


def _sleepy(case, draw):
    for row in case["rows"]:
        row["moaas"] = 4


def _far_away(case, draw):
    for row in case["rows"]:
        row["diss"] = 1


def _give_oxygen(case, draw):
    case["oxygen_at"] = draw(seconds)


def _say_oxygen(case, draw):
    for row in case["rows"]:
        row["oxygen"] = draw(st.sampled_from([None, 0, 2]))


CHANGES = [
    _add_row,
    _drop_row,
    _write_later,
    _move_now,
    _change_devices,
    _change_assessment,
    _decide,
    _flip,
    _give_drug,
    _give_drug,
    _withdraw,
    _report,
    _sleepy,
    _far_away,
    _give_oxygen,
    _say_oxygen,
]


def moment(second: int):
    return START + timedelta(seconds=second)


def as_reading(number: int, row: dict) -> Reading:
    return Reading(
        id=number,
        observed_at=moment(row["t"]),
        recorded_at=moment(row["written"]),
        systolic=row["s"],
        diastolic=row["d"],
        spo2=row["spo2"],
        oxygen_l_min=None if row["oxygen"] is None else Decimal(row["oxygen"]),
        sedation=row["moaas"],
        dissociation=row["diss"],
        not_obtained="Refused" if row["refused"] else "",
        late_reason="Busy" if row["late"] else "",
    )


def as_history(case: dict) -> History:
    decidable = ("bp_high", "bp_low", "sedation", "dissociation")
    words = dict.fromkeys(decidable, "As always") if case["decided"] else {}
    assessment = None
    if case["assessed"] is not None:
        at = moment(case["assessed"])
        assessment = Assessment("N. Okafor", at, True, words, case["prescriber"])
    return History(
        readings=tuple(as_reading(number, row) for number, row in enumerate(case["rows"])),
        administrations=tuple(
            Administration(moment(t), moment(t), "nasal", moment(t)) for t in case["devices"]
        ),
        unresolved_adverse_events=("nausea",) if case["event"] else (),
        escort=Escort(settled=case["escort"]),
        means_to_drive=case["drives"],
        assessment=assessment,
        missed={"40 minutes": "Cuff broken"} if case["missed"] else {},
        clock_suspect=case["clock"],
        medicines=tuple(
            Medicine(
                number,
                "a drug",
                moment(drug["t"]),
                drug["effect"],
                drug["minutes"],
                moment(drug["written"]),
            )
            for number, drug in enumerate(case["drugs"])
        ),
        withdrawn_at=None if case["withdrawn"] is None else moment(case["withdrawn"]),
        going_on=("An emergency runs",) if case["emergency"] else (),
        event_written_at=max(map(moment, case["events_written"]), default=None),
        oxygen_at=None if case["oxygen_at"] is None else moment(case["oxygen_at"]),
    )


def answer(case: dict) -> set[str]:
    return {c.code for c in gate(as_history(case), SETTINGS, moment(case["now"])).unmet}


@settings(max_examples=200, deadline=None)
@given(cases())
def test_the_gate_agrees_with_a_second_opinion(case):
    assert answer(case) == open_points(case)


@settings(max_examples=100, deadline=None)
@given(cases(), st.data())
def test_blanking_a_value_of_a_full_set_never_opens_the_gate(case, data):
    full = [row for row in case["rows"] if all(row[k] is not None for k in ("spo2", "moaas"))]
    full = [row for row in full if row["diss"] is not None and row["s"] is not None]
    assume(full and answer(case))
    spoilt = deepcopy(case)
    place = case["rows"].index(data.draw(st.sampled_from(full)))
    spoilt["rows"][place][data.draw(st.sampled_from(["s", "d", "spo2", "moaas", "diss"]))] = None
    assert answer(spoilt)


@settings(max_examples=60, deadline=None)
@given(cases(), st.integers(0, 99))
def test_order_of_records_and_zone_of_the_caller_change_nothing(case, seed):
    history, now = as_history(case), moment(case["now"])
    shuffled = list(history.administrations)
    Random(seed).shuffle(shuffled)
    turned = replace(
        history,
        readings=tuple(reversed(history.readings)),
        administrations=tuple(shuffled),
    )
    elsewhere = now.astimezone(ZoneInfo("Asia/Kathmandu"))
    codes = [c.code for c in gate(turned, SETTINGS, elsewhere).unmet]
    assert codes == [c.code for c in gate(history, SETTINGS, now).unmet]


@settings(max_examples=60, deadline=None)
@given(cases())
def test_waiting_alone_never_settles_more_than_the_time(case):
    """Later, with nothing new on record, only waits and dates in the future may have ended."""
    now = answer(case)
    later = answer(case | {"now": case["now"] + 10 * MINUTE})
    timed = {"minimum_time", "bp_peak_missing", "future_time"}
    assume(not now & {"future_time", "no_dose"})
    assert now - later <= timed
