"""The steps of one session, and where the patient sits, up to the moment that it has come to."""

from datetime import datetime, timedelta

from clinic.models import Chair, User
from desk.demo.places import Staff
from desk.demo.rows import Rows
from sessions import lifecycle
from sessions.lifecycle import ENDINGS, Status
from sessions.models import ChairStay, StatusChange, TreatmentSession


class Steps:
    """Writes what happens to a session; whatever would lie after `until` has not happened."""

    def __init__(
        self, rows: Rows, treatment_session: TreatmentSession, staff: Staff, until: datetime
    ) -> None:
        self.rows, self.session, self.staff, self.until = rows, treatment_session, staff, until

    def tell_ending(self, status: Status, at: datetime, reason: str, *, by: User) -> None:
        """Tell a visit that ends without a dose; whoever left had arrived."""
        if status in {Status.LEFT_BEFORE_DOSE, Status.TRANSFERRED}:
            self.arrive(at - timedelta(minutes=25))
        self.step(status, at, by=by, reason=reason)

    def step(
        self, status: Status, at: datetime, *, by: User, reason: str = "", outside: bool = False
    ) -> None:
        if at > self.until:
            return
        row = self.session
        taken = lifecycle.step(row.status, status)
        if taken.needs_reason and not reason:
            raise ValueError(f"{status.label}: say why")
        self.rows.add(
            StatusChange(
                treatment_session=row,
                from_status=row.status,
                to_status=status,
                at=at,
                recorded_at=at,
                by=by,
                reason=reason,
                outside_gate=outside,
            )
        )
        row.status, row.version = status, row.version + 1
        row.outside_gate = row.outside_gate or outside
        if status == Status.CHECKED_IN and row.arrived_at is None:
            row.arrived_at = at
        if status in ENDINGS:
            row.ended_at, row.ending_reason = at, reason

    def arrive(self, at: datetime) -> None:
        self.step(Status.CHECKED_IN, at, by=self.staff.front_desk)
        self.sit(at + timedelta(minutes=1), chair=self.session.chair)

    def sit(self, since: datetime, *, chair: Chair | None = None, place: str = "") -> None:
        if since <= self.until:
            self.rows.add(
                ChairStay(
                    treatment_session=self.session,
                    chair=None if place else chair,
                    place=place,
                    since=since,
                    by=self.staff.nurse,
                )
            )
