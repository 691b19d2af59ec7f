"""Written histories in minutes after the first dose: documents of `judge_history` for the tests."""

from datetime import datetime, timedelta
from typing import Any

from monitoring.judging import judge, read

FIRST = datetime.fromisoformat("2026-11-16T09:00:00-05:00")
CALM = {"pulse": 72, "spo2": 98, "resp_rate": 14, "sedation": 5, "dissociation": 0}
NASAL, EU, IV = "esketamine-trd-us", "esketamine-trd-eu", "ketamine-iv-twice-weekly"


def at(minutes: float) -> str:
    return (FIRST + timedelta(minutes=minutes)).isoformat()


def seen(minutes: float, bp: str = "126/80", **values: Any) -> dict[str, Any]:
    """Return a whole set; a value that is None was not measured."""
    systolic, diastolic = map(int, bp.split("/")) if bp else (None, None)
    pressure = {"systolic": systolic, "diastolic": diastolic}
    return {"observed_at": at(minutes)} | pressure | CALM | values


def device(minutes: float, **values: Any) -> dict[str, Any]:
    return {"started_at": at(minutes), **values}


def infused(end: float | None = 40) -> list[dict[str, Any]]:
    return [{"route": "iv", "started_at": at(0), "ended_at": end if end is None else at(end)}]


BEFORE = (seen(-10, "124/78"),)
COURSE = (
    *BEFORE,
    seen(40, "150/88", sedation=4, dissociation=2),
    seen(60, "140/86", dissociation=1),
    seen(90, "130/82"),
)
DRIP = (
    *BEFORE,
    seen(15, "130/80", dissociation=1),
    seen(30, "140/85", sedation=4, dissociation=2),
    seen(40, "142/86", sedation=4, dissociation=2),
    seen(55, "132/82", dissociation=1),
    seen(70, "128/80"),
)


def assessed(minutes: float, **values: Any) -> dict[str, Any]:
    return {"by": "N. Okafor", "at": at(minutes), "ready": True, **values}


def decided(minutes: float, code: str, prescriber: bool = False) -> dict[str, Any]:
    reason = {code: "Known to us, and well"}
    return assessed(minutes, decisions=reason, is_prescriber=prescriber)


def nasal(*last: dict[str, Any], now: float = 130, **changes: Any) -> dict[str, Any]:
    """Two devices at 0 and 5 minutes, a usual course, and the last sets; assessed at 128."""
    return {
        "template": NASAL,
        "now": at(now),
        "arrived_at": at(-30),
        "administrations": [device(0), device(5)],
        "readings": [*COURSE, *(last or (seen(126),))],
        "escort": {"name": "Sam Lee"},
        "assessment": assessed(128),
        **changes,
    }


def drip(*last: dict[str, Any], now: float = 105, **changes: Any) -> dict[str, Any]:
    """An infusion of 40 minutes, a usual course, and the last sets; assessed at 104."""
    told = {"template": IV, "administrations": infused(), "assessment": assessed(104)}
    return nasal(now=now) | told | {"readings": [*DRIP, *(last or (seen(102),))]} | changes


def judged(document: dict[str, Any], when: float | None = None) -> dict[str, Any]:
    return judge(read(document, None if when is None else datetime.fromisoformat(at(when))))


def states(document: dict[str, Any], when: float | None = None) -> dict[str, str]:
    return {check["label"]: check["state"] for check in judged(document, when)["checks"]}


def alarms(document: dict[str, Any], when: float | None = None) -> set[tuple[str, str]]:
    return {(one["level"], one["measure"]) for one in judged(document, when)["alerts"]}
