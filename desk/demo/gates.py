"""The discharge gate as it stood when an invented patient left, judged by the product's own rules."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from monitoring.discharge import Gate, gate
from monitoring.models import DischargeAssessment, Escort, MissedCheck, VitalSigns
from monitoring.readings import Administration, Assessment, History, Reading, Settings
from monitoring.readings import Escort as WayHome
from sessions.models import Dose

RENAMED = {"resp_rate": "respiratory_rate"}
NOT_READ = {"id", "check"}
MEASURED = {field.name for field in fields(Reading)} - NOT_READ


def settings_from(monitoring: Mapping[str, Any]) -> Settings:
    """Return a template's numbers without those that the gate does not ask for."""
    known = {field.name for field in fields(Settings)}
    return Settings.from_mapping({k: v for k, v in monitoring.items() if k in known})


def judge(
    settings: Settings,
    now: datetime,
    *,
    readings: Iterable[VitalSigns],
    doses: Iterable[Dose],
    dosed_until: datetime,
    missed: Iterable[MissedCheck],
    escort: Escort | None,
    assessment: DischargeAssessment | None,
) -> Gate:
    history = History(
        readings=tuple(_reading(number, row) for number, row in enumerate(readings)),
        administrations=tuple(
            Administration(
                dose.given_at, dosed_until if dose.route == "iv" else dose.given_at, dose.route
            )
            for dose in doses
        ),
        escort=WayHome(settled=escort is not None, name=escort.name if escort else ""),
        assessment=assessment and Assessment(str(assessment.assessed_by), assessment.assessed_at, True),
        missed={row.label: row.reason for row in missed},
    )
    return gate(history, settings, now)


def snapshot(judged: Gate) -> list[dict[str, Any]]:
    return [{"code": c.code, "met": c.met, "text": c.text} for c in judged.conditions]


def _reading(number: int, row: VitalSigns) -> Reading:
    values = {name: getattr(row, RENAMED.get(name, name)) for name in MEASURED}
    return Reading(id=number, **values)
