"""The alerts written a second time, on plain rows with seconds, to compare answers.

It shares no code with the rules: written from their sentences, by scanning lists.
"""

from typing import Any

Row = dict[str, Any]
NAMES = ("s", "d", "pulse", "spo2", "moaas", "rr", "temp", "diss")
CRITICAL = {
    ("s", "alert_systolic"): lambda v, limit: v >= limit,
    ("d", "alert_diastolic"): lambda v, limit: v >= limit,
    ("s", "alert_systolic_low"): lambda v, limit: v < limit,
    ("d", "alert_diastolic_low"): lambda v, limit: v < limit,
    ("pulse", "alert_pulse_high"): lambda v, limit: v > limit,
    ("pulse", "alert_pulse_low"): lambda v, limit: v < limit,
    ("spo2", "alert_spo2"): lambda v, limit: v < limit,
    ("moaas", "alert_moaas"): lambda v, limit: v <= limit,
    ("rr", "alert_resp_rate"): lambda v, limit: v < limit,
    ("temp", "alert_temperature"): lambda v, limit: v >= limit,
}
MOVED = {
    ("s", "watch_systolic_rise"): lambda v, b, limit: v >= b + limit,
    ("d", "watch_diastolic_rise"): lambda v, b, limit: v >= b + limit,
    ("s", "watch_bp_rise_percent"): lambda v, b, limit: v >= b + b * limit / 100,
    ("d", "watch_bp_rise_percent"): lambda v, b, limit: v >= b + b * limit / 100,
    ("moaas", "watch_moaas_drop"): lambda v, b, limit: v <= b - limit,
    ("spo2", "watch_spo2_drop"): lambda v, b, limit: v <= b - limit,
    ("pulse", "watch_pulse_change"): lambda v, b, limit: v >= b + limit or v <= b - limit,
}
WITH_SYMPTOMS = {
    ("s", "alert_bp_rise_percent"): lambda v, b, limit: v >= b + b * limit / 100,
    ("d", "alert_bp_rise_percent"): lambda v, b, limit: v >= b + b * limit / 100,
}


def standing(case: Row) -> set[tuple[str, str, str, Any]]:
    """Return level, measure, setting and value of everything that stands; no setting: unknown."""
    found = set()
    for name in NAMES:
        of_measure = {hit for row in speaking(case, name) for hit in judged(case, name, row)}
        serious = {hit for hit in of_measure if hit[0] == "critical"}
        found |= serious or of_measure
    return found


def speaking(case: Row, name: str) -> list[Row]:
    """Return the rows of the newest time that has come, and every row ahead of it."""
    low = case["limits"]["alert_spo2"]
    rows = [row for row in case["rows"] if row[name] is not None]
    if name == "spo2":
        rows = [row for row in rows if on_air(case, row) or row["spo2"] < low]
    ahead = [row for row in rows if row["t"] > case["now"]]
    come = [row for row in rows if row["t"] <= case["now"]]
    return ahead + [row for row in come if all(other["t"] <= row["t"] for other in come)]


def on_air(case: Row, row: Row) -> bool:
    """Say whether it is known that no oxygen ran: it was said, or none was ever given till then."""
    if row["oxygen"] is not None:
        return bool(row["oxygen"] == 0)
    given = [other["t"] for other in case["rows"] if other["oxygen"]]
    given += [case["oxygen_at"]] if case.get("oxygen_at") is not None else []
    return all(row["t"] < moment for moment in given)


def judged(case: Row, name: str, row: Row) -> set[tuple[str, str, str, Any]]:
    limits, value, hits = case["limits"], row[name], set()
    for (measure, setting), breaks in CRITICAL.items():
        limit = limits.get(setting)
        if measure == name and limit is not None and breaks(value, limit):
            hits.add(("critical", name, setting, value))
    if not case["devices"] or row["t"] <= min(case["devices"]):
        return hits
    rules: list[Any] = [("watch", key, rule) for key, rule in MOVED.items()]
    if case["symptoms"]:
        rules += [("critical", key, rule) for key, rule in WITH_SYMPTOMS.items()]
    rules = [r for r in rules if r[1][0] == name and limits.get(r[1][1]) is not None]
    hits |= lasting(case, name, row)
    before = baseline(case, name)
    if rules and not before:
        hits.add(("watch", name, "", value))
    for level, (_, setting), moved in rules:
        if any(moved(value, known, limits[setting]) for known in before):
            hits.add((level, name, setting, value))
    return hits


def lasting(case: Row, name: str, row: Row) -> set[tuple[str, str, str, Any]]:
    """Dissociation of a set that was taken so many minutes after the last device, or later."""
    minutes = case["limits"].get("watch_dissociation_minutes")
    if name != "diss" or minutes is None or row["diss"] == 0:
        return set()
    if any(row["t"] - given < minutes for given in case["devices"]):
        return set()
    return {("watch", "diss", "watch_dissociation_minutes", row["diss"])}


def baseline(case: Row, name: str) -> list[Any]:
    first = min(case["devices"])
    rows = [row for row in case["rows"] if row["t"] <= first and row[name] is not None]
    return [row[name] for row in rows if all(other["t"] <= row["t"] for other in rows)]
