"""Work that waits for the staff of an invented practice."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from clinic.roles import Role
from desk.demo.places import Site
from desk.demo.rows import Rows
from desk.demo.story import Told
from patients.models import Task
from sessions.lifecycle import ENDINGS, Status
from sessions.models import TreatmentSession

RECENT = timedelta(days=4)


class Worklist:
    """Opens what the product asks for after such sessions."""

    def __init__(self, rows: Rows, site: Site, now: datetime) -> None:
        self.rows, self.clinic, self.now = rows, site.clinic, now

    def tell(self, courses: Iterable[Told], unsigned: Iterable[TreatmentSession]) -> None:
        for treatment_session in unsigned:
            self.ask(
                Task.Kind.SIGNATURE,
                treatment_session,
                Role.PRESCRIBER,
                f"Session {treatment_session.number} waits for a signature.",
                f"sign:{treatment_session.public_id}",
            )
        for treatment_session in (row for told in courses for row in told.sessions):
            self._after(treatment_session)

    def _after(self, treatment_session: TreatmentSession) -> None:
        ended_at, number = treatment_session.ended_at, treatment_session.number
        is_recent = ended_at is not None and ended_at > self.now - RECENT
        if treatment_session.status == Status.NO_SHOW and is_recent:
            text = f"Did not come to session {number}. Call, and find another date."
            key = f"no-show:{treatment_session.public_id}"
            self.ask(Task.Kind.NO_SHOW, treatment_session, Role.FRONT_DESK, text, key)
        if treatment_session.status == Status.LEFT_AGAINST_ADVICE:
            text = f"Left session {number} against advice: call the patient."
            key = f"left:{treatment_session.public_id}"
            self.ask(Task.Kind.CALL, treatment_session, Role.NURSE, text, key)
        if treatment_session.outside_gate:
            what = "Device 2 was given outside the gate"
            key = f"outside:{treatment_session.public_id}:{treatment_session.version}:{what}"
            text = f"{what}. Review session {number}."
            self.ask(Task.Kind.OUTSIDE_GATE, treatment_session, Role.PRESCRIBER, text, key)
        if treatment_session.status not in ENDINGS and self._overruns(treatment_session):
            text = f"Session {number} overruns: the chair is booked for the next patient."
            key = f"overrun:{treatment_session.public_id}"
            self.ask(Task.Kind.OVERRUN, treatment_session, Role.NURSE, text, key)

    def _overruns(self, treatment_session: TreatmentSession) -> bool:
        return treatment_session.ends_at < self.now and treatment_session.status != Status.PLANNED

    def ask(
        self,
        kind: Task.Kind,
        treatment_session: TreatmentSession,
        role: Role,
        text: str,
        key: str,
    ) -> None:
        self.rows.add(
            Task(
                clinic=self.clinic,
                patient=treatment_session.patient,
                kind=kind,
                role=role,
                text=text,
                due_at=treatment_session.ended_at or self.now,
                source_kind="treatment_sessions.treatmentsession",
                source_id=treatment_session.public_id,
                dedupe_key=key,
            )
        )
