"""The discharge gate written a second time, on plain rows with seconds, to compare answers.

It shares no code with the gate: written from the rules, by scanning lists. The limits are the
defaults of the settings.
"""

from dataclasses import fields
from typing import Any

from monitoring.readings import Settings
from monitoring.tests import second_alerts

Row = dict[str, Any]

LIMITS = {"s": (50, 300), "d": (20, 200), "spo2": (50, 100), "moaas": (0, 5), "diss": (0, 3)}
CALLS = {f.name: f.default for f in fields(Settings) if f.name.startswith("alert_")}
TOO_LOW = {"alert_systolic_low", "alert_diastolic_low"}
TOPICS = {"bp": ("s", "d"), "spo2": ("spo2",), "moaas": ("moaas",), "diss": ("diss",)}


def valid(row, key):
    low, high = LIMITS[key]
    return row[key] is not None and low <= row[key] <= high


def pressure(row):
    good = valid(row, "s") and valid(row, "d") and row["s"] > row["d"]
    return (row["s"], row["d"]) if good else None


def about(row, topic):
    filled = [name for name, keys in TOPICS.items() if any(row[k] is not None for k in keys)]
    if row["refused"] or not filled:
        return True
    return topic in filled or len(filled) >= 2


def last_rows(rows: list[Row], topic: str) -> list[Row]:
    found: list[Row] = []
    for row in rows:
        if about(row, topic):
            if found and row["t"] > found[0]["t"]:
                found = []
            if not found or row["t"] == found[0]["t"]:
                found.append(row)
    return found


def open_points(case) -> set[str]:
    """Return the codes that stand between the patient and the door."""
    if not case["devices"]:
        return {"no_dose"}
    now, first, last = case["now"], min(case["devices"]), max(case["devices"])
    past = [row for row in case["rows"] if row["t"] <= now]
    after = [row for row in past if row["t"] > first]
    points = set()

    minimum = case.get("minimum", 120)
    drugs = [drug for drug in case.get("drugs", ()) if drug["effect"] != "none"]
    must_wait_for = [last + minimum * 60]
    for drug in drugs:
        wait = minimum if drug["effect"] == "restart" else drug["minutes"]
        must_wait_for.append(drug["t"] + wait * 60)
    if any(now < moment for moment in must_wait_for):
        points.add("minimum_time")
    if any(not looked_after(drug, past) for drug in drugs):
        points.add("medicine_recheck")
    if case.get("emergency"):
        points.add("trouble")
    alarms = calling(case)
    if alarms - TOO_LOW:
        points.add("critical")
    if case["event"]:
        points.add("adverse_event")
    if not case["escort"]:
        points.add("escort")
    if case.get("drives"):
        points.add("driving")
    if case["clock"]:
        points.add("clock")
    times = [row["t"] for row in case["rows"]] + case["devices"] + [case["assessed"] or 0]
    times += [drug["t"] for drug in case.get("drugs", ())]
    if max(times) > now:
        points.add("future_time")

    assessed = case["assessed"]
    void = assessed is None or assessed > now or assessed <= last
    void = void or assessed < max(must_wait_for) or any(assessed <= drug["t"] for drug in drugs)
    void = void or any(event > assessed for event in case.get("events_written", ()))
    void = void or any(max(drug["t"], drug["written"]) > assessed for drug in case.get("drugs", ()))
    void = void or case.get("withdrawn") is not None and case["withdrawn"] > assessed
    void = void or any(row["t"] > assessed or row["written"] > assessed for row in past)
    if void:
        points.add("assessment")
    prescriber_decides = case["decided"] and case["prescriber"] and not void
    if alarms & TOO_LOW and not prescriber_decides:
        points.add("bp_low")

    if not any(pressure(row) for row in past if row["t"] < first):
        points.add("bp_baseline_missing")

    stand_in = peak_stand_in(case, first, now, after)
    if stand_in is None:
        points.add("bp_peak_missing")

    def fresh(topic):
        rows = last_rows(past, topic)
        rows = [r for r in rows if all(drug["t"] < r["t"] for drug in drugs)]
        return [r for r in rows if last < r["t"] and now - r["t"] <= 30 * 60]

    rows = fresh("bp")
    known = rows and all(pressure(row) for row in rows)
    if not known or rows[0]["t"] == stand_in:
        points.add("bp_predeparture_missing")
    severe = known and any(pressure(r)[0] >= 160 or pressure(r)[1] >= 100 for r in rows)
    decided = not void and case["decided"] and (case["prescriber"] or not severe)
    if not known or any(too_high(row, after) for row in rows) and not decided:
        points.add("bp_high")

    points |= mind(case, past, first, fresh, void)
    spo2 = fresh("spo2")
    good = [valid(r, "spo2") and r["spo2"] >= 94 and second_alerts.on_air(case, r) for r in spo2]
    if not good or not all(good):
        points.add("spo2")
    return points


def calling(case):
    """Return the limits whose breach calls for help now."""
    unknown = {"pulse": None, "rr": None, "temp": None}
    rows = [unknown | row for row in case["rows"]]
    asked = case | {"rows": rows, "limits": CALLS, "symptoms": case["event"]}
    return {limit for level, _, limit, _ in second_alerts.standing(asked) if level == "critical"}


def looked_after(drug, past):
    """Say whether somebody measured when the drug's minutes were nearly over, or later."""
    allowed_early = min(10 * 60, drug["minutes"] * 30)
    for row in past:
        if row["t"] < drug["t"] + drug["minutes"] * 60 - allowed_early or not pressure(row):
            continue
        if drug["effect"] == "recheck" or valid(row, "moaas"):
            return True
    return False


def peak_stand_in(case, first, now, after):
    """Return when the reading was taken that is used up for the peak, -1 for words, or None."""
    in_window = [r["t"] for r in after if pressure(r) and 30 * 60 <= r["t"] - first <= 60 * 60]
    if in_window:
        return min(in_window)
    if now - first <= 60 * 60:
        return None
    if case["missed"]:
        return -1
    later = [r for r in after if pressure(r) and r["t"] - first > 60 * 60]
    earliest = min((r["t"] for r in later), default=None)
    explained = [r["t"] for r in later if r["late"] and r["t"] == earliest]
    return explained[0] if explained else None


def too_high(row, after):
    numbers = pressure(row)
    known = [pressure(r) for r in after if pressure(r)]
    before = last_rows([r for r in after if r["t"] < row["t"]], "bp")
    for i, limit, ceiling in ((0, 140, 160), (1, 90, 100)):
        if numbers[i] <= limit:
            continue
        below_peak = any(other[i] > numbers[i] for other in known)
        steady = before and all(
            pressure(r) and numbers[i] in range(pressure(r)[i] - 10, pressure(r)[i] + 1)
            for r in before
        )
        if not (below_peak and steady and numbers[i] < ceiling):
            return True
    return False


def mind(case, past, first, fresh, void):
    points = set()
    earlier = [r for r in past if r["t"] < first]

    def baseline(key):
        rows = last_rows(earlier, key)
        return [r[key] for r in rows] if rows and all(valid(r, key) for r in rows) else None

    rows, base = fresh("moaas"), baseline("moaas")
    if not rows or not all(valid(r, "moaas") for r in rows):
        points.add("sedation")
    elif any(r["moaas"] < 5 for r in rows):
        as_before = base is not None and all(r["moaas"] >= b for r in rows for b in base)
        if not (as_before and case["decided"] and case["prescriber"] and not void):
            points.add("sedation")

    rows, base = fresh("diss"), baseline("diss")
    if not rows or not all(valid(r, "diss") for r in rows):
        points.add("dissociation")
    elif any(r["diss"] > 0 for r in rows):
        as_before = base is not None and all(r["diss"] <= b for r in rows for b in base)
        if not (as_before and case["decided"] and case["prescriber"] and not void):
            points.add("dissociation")
    return points
