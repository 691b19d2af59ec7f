"""The discharge gate as it stood when an invented patient left: the product's own judgement."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from monitoring.discharge import Gate, gate
from monitoring.models import (
    DischargeAssessment,
    Escort,
    MedicationGiven,
    MissedCheck,
    VitalSigns,
)
from monitoring.readings import Anchor, Check, History, Settings
from monitoring.services.values import (
    SETTING_NAMES,
    administrations_of,
    assessment_of,
    escort_of,
    medicine_of,
    reading_of,
)
from sessions.models import Dose, InfusionEvent, MonitoringTemplate


@dataclass(slots=True)
class Evidence:
    """The unsaved rows of one visit."""

    readings: list[VitalSigns] = field(default_factory=list)
    doses: list[Dose] = field(default_factory=list)
    infusion_events: list[InfusionEvent] = field(default_factory=list)
    missed: list[MissedCheck] = field(default_factory=list)
    medicines: list[MedicationGiven] = field(default_factory=list)
    escort: Escort | None = None
    assessment: DischargeAssessment | None = None

    def judge(self, settings: Settings, now: datetime) -> Gate:
        history = History(
            readings=tuple(map(reading_of, self.readings)),
            administrations=administrations_of(self.doses, self.infusion_events),
            escort=escort_of([self.escort] if self.escort else [], ()),
            assessment=assessment_of(self.assessment),
            missed={row.label: row.reason for row in self.missed},
            medicines=tuple(map(medicine_of, self.medicines)),
        )
        return gate(history, settings, now)


def settings_of(template: MonitoringTemplate) -> Settings:
    """Return the template's numbers; the checks are in their own table."""
    checks = template.checks.order_by("pk")
    return Settings(
        **{name: getattr(template, name) for name in SETTING_NAMES},
        checks=tuple(
            Check(check.label, cast(Anchor, check.anchor), check.minute, check.every_minutes)
            for check in checks
        ),
    )
