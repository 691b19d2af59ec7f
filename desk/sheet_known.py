"""What the session sheet was read from; the rules are asked with one `now`."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from clinic.models import User
from clinic.presence import Site
from desk.said import Said
from monitoring import timeline
from monitoring.discharge import Gate
from monitoring.models import PreDoseCheck
from monitoring.readings import first_dose_at, last_dose_at, observed_until
from monitoring.services import predose
from monitoring.services.history import Record
from monitoring.services.predose import Asking
from monitoring.services.record import RECORD
from monitoring.timeline import DueCheck
from monitoring.today import Today
from patients.medicines.review import Review
from patients.models import Allergy, BodyMeasure
from patients.services.chart import CHART
from sessions.lifecycle import DOSED, PRESENT, Status
from sessions.models import (
    ChairStay,
    DoseCheck,
    DoseOrder,
    DoseWaste,
    DosingPolicy,
    StatusChange,
    TreatmentSession,
)
from sessions.models.protocol import Route
from sessions.ports import Unmet


@dataclass(frozen=True)
class Known:
    """What was read of the session, and what it says by itself."""

    treatment_session: TreatmentSession
    user: User
    now: datetime
    record: Record
    checks: list[PreDoseCheck]  # the newest first
    before: Today  # what today's check says
    asking: Asking
    weight: BodyMeasure | None
    order: DoseOrder | None
    chart_unmet: list[Unmet]
    medicines: Review
    off_chart: list[str]  # new medicines that were named before the dose and wait for the chart
    changes: list[StatusChange]
    stays: list[ChairStay]
    allergies: list[Allergy]
    site: Site  # which prescribers are here
    dosing: DosingPolicy
    second_checks: list[DoseCheck]
    wastes: list[DoseWaste]
    said: Said  # by the patient, through links

    @property
    def check(self) -> PreDoseCheck | None:
        """Return the check that counts today."""
        return self.before.check

    @property
    def status(self) -> str:
        return self.treatment_session.status

    @property
    def awaits_dose(self) -> bool:
        return self.status in {Status.PLANNED, Status.CHECKED_IN, Status.CLEARED}

    def may(self, permission: str) -> bool:
        return self.user.may(permission, self.treatment_session.clinic_id)

    @property
    def may_chart(self) -> bool:
        return self.may(CHART)

    @property
    def may_decide(self) -> bool:
        return self.may(predose.DECIDE)

    @property
    def may_measure(self) -> bool:
        return self.may(RECORD)

    @cached_property
    def gate(self) -> Gate | None:
        """Return the discharge gate while there is one to pass."""
        return self.record.gate(self.now) if self.status in DOSED else None

    @cached_property
    def due(self) -> tuple[DueCheck, ...]:
        return self.record.due(self.now) if self.status in PRESENT else ()

    @property
    def next_check(self) -> DueCheck | None:
        if not self.record.administrations:
            return None
        return timeline.next_due([c for c in self.due if c.anchor != "before_dose"])

    @property
    def before_dose(self) -> bool:
        """Whether the medicines are looked at now: until the first dose."""
        return self.status in {Status.PLANNED, Status.CHECKED_IN, Status.CLEARED}

    @property
    def is_iv(self) -> bool:
        return self.treatment_session.course.protocol.route == Route.IV

    @property
    def place(self) -> str:
        return str(self.stays[-1] if self.stays else self.treatment_session.chair)

    @property
    def first_dose(self) -> datetime | None:
        return first_dose_at(self.record.administrations)

    @property
    def last_dose(self) -> datetime | None:
        return last_dose_at(self.record.administrations)

    @property
    def minimum_until(self) -> datetime | None:
        """Return when the minimum observation ends; another medicine may have moved it."""
        given = self.last_dose if self.record.administrations else None
        return observed_until(given, self.record.history.medicines, self.record.settings)
