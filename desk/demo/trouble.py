"""What went wrong in a visit on record, and what was done: told with the product's own words."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from desk.demo.gates import Evidence
from desk.demo.places import Staff
from desk.demo.rows import Rows
from monitoring import alerts, hunter
from monitoring.calls import as_rows
from monitoring.models import (
    AdverseEvent,
    CriticalAcknowledgement,
    Emergency,
    EmergencyAction,
    PanicEntry,
    PanicEpisode,
    SerotoninCheck,
    Transfer,
)
from monitoring.readings import Settings
from monitoring.services.critical import digest
from monitoring.services.panic import TERM as PANIC
from monitoring.services.values import reading_of
from sessions.models import TreatmentSession

CHEST_PAIN = "Chest pain"
PEAK_AT = 41  # the reading that is too high
PEAK = {"systolic": 184, "diastolic": 104}
NOTHING_ELSE = dict.fromkeys(hunter.SIGNS, False)
PANIC_STEPS = (
    (0, {"code": "suds", "suds": 8}),
    (1, {"code": "stay"}),
    (2, {"code": "breathe"}),
    (4, {"code": "vitals"}),
    (6, {"code": "hunter"}),
    (9, {"code": "prescriber"}),
    (14, {"code": "suds", "suds": 4}),
)
PANIC_END = {"code": "end", "outcome": "settled", "next_session": "prepare"}
ACTIONS = (
    (1, "called", ""),
    (2, "prescriber", ""),
    (3, "oxygen", ""),
    (9, "medicine", "Aspirin 300 mg by mouth"),
    (19, "ambulance", ""),
)


class Trouble:
    """Adds to a visit that lies behind; nobody looks at it in the middle of an emergency."""

    def __init__(self, rows: Rows, treatment_session: TreatmentSession, staff: Staff) -> None:
        self.rows, self.session, self.staff = rows, treatment_session, staff

    def follow(self, event: AdverseEvent, over_at: datetime) -> None:
        """Tell what was done about an adverse event that ended then."""
        if event.term == PANIC:
            self._panic(event, over_at)
        elif event.term == CHEST_PAIN:
            self._emergency(event.onset_at, over_at)

    def _panic(self, event: AdverseEvent, over_at: datetime) -> None:
        began = event.onset_at
        episode = self.rows.add(
            PanicEpisode(
                treatment_session=self.session,
                onset_at=began,
                trigger="Voices in the corridor",
                symptoms=["palpitations", "trembling", "unreality"],
                event=event,
                recorded_by=self.staff.nurse,
                recorded_at=began,
            )
        )
        steps = ((began + timedelta(minutes=minute), step) for minute, step in PANIC_STEPS)
        for at, step in (*steps, (over_at, PANIC_END)):
            self.rows.add(PanicEntry(episode=episode, **self._tap(at), **step))
        self._serotonin(began + timedelta(minutes=7))

    def _serotonin(self, at: datetime) -> None:
        exam = hunter.Exam(
            exposed=True,
            temperature=Decimal("36.8"),
            **{**NOTHING_ELSE, "agitation": True, "tremor": True},
        )
        self.rows.add(
            SerotoninCheck(
                treatment_session=self.session,
                observed_at=at,
                recorded_at=at,
                recorded_by=self.staff.nurse,
                verdict=hunter.judge(exam).verdict,
                **{name: getattr(exam, name) for name in (*hunter.SIGNS, "exposed", "temperature")},
            )
        )

    def _emergency(self, began: datetime, over_at: datetime) -> None:
        emergency = self.rows.add(
            Emergency(treatment_session=self.session, started_at=began, started_by=self.staff.nurse)
        )
        for minute, code, text in ACTIONS:
            tap = self._tap(began + timedelta(minutes=minute))
            self.rows.add(EmergencyAction(emergency=emergency, code=code, text=text, **tap))
        over = self._tap(over_at)
        self.rows.add(EmergencyAction(emergency=emergency, code="handed_over", **over))
        self.rows.add(
            Transfer(
                treatment_session=self.session,
                handed_over_at=over_at,
                to_where="Emergency department, St. Anne",
                taken_by="Ambulance 4",
                condition="Awake, pain less, SpO₂ 97 % with 2 L/min",
                told="Sister, by phone",
                recorded_by=self.staff.nurse,
                recorded_at=over_at,
            )
        )

    def peak(self, evidence: Evidence, at: datetime, settings: Settings) -> None:
        """Make the reading of this moment critical: a nurse sees it, then a prescriber."""
        row = next(row for row in evidence.readings if row.observed_at == at)
        row.systolic, row.diastolic = PEAK["systolic"], PEAK["diastolic"]
        found = alerts.alerts(reading_of(row), reading_of(evidence.readings[0]), settings)
        for minutes, by, how, action in (
            (1, self.staff.nurse, "seen", "Sat up, music off, measured on the other arm."),
            (5, self.staff.prescriber, "prescriber", "No medicine yet; measure again at 60 min."),
        ):
            self.rows.add(
                CriticalAcknowledgement(
                    treatment_session=self.session,
                    how=how,
                    alerts=as_rows(found),
                    digest=digest(found),
                    action=action,
                    by=by,
                    at=at + timedelta(minutes=minutes),
                )
            )

    def _tap(self, at: datetime) -> dict[str, Any]:
        return {"treatment_session": self.session, "at": at, "by": self.staff.nurse}
