"""Who holds which chair when: read once for all dates of a course."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from clinic.models import Chair, Clinic
from clinic.times import day_bounds
from patients.models import Patient
from sessions.models import TreatmentSession

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Occupancy:
    by_chair: dict[int, list[Span]]
    of_patient: list[Span]

    @classmethod
    def around(
        cls,
        clinic: Clinic,
        patient: Patient,
        days: Iterable[date],
        *,
        leaving_out: frozenset[int] = frozenset(),
    ) -> Self:
        """Read what is booked between these days: one query. `leaving_out` are sessions by key."""
        wanted = sorted(days)
        by_chair: dict[int, list[Span]] = {}
        of_patient: list[Span] = []
        if wanted:
            begin, end = day_bounds(clinic, wanted[0], wanted[-1])
            held = TreatmentSession.objects.holding().filter(
                clinic=clinic, starts_at__lt=end, ends_at__gt=begin
            )
            if leaving_out:
                held = held.exclude(pk__in=leaving_out)
            for row in held.values_list("chair_id", "patient_id", "starts_at", "ends_at"):
                chair_id, patient_id, starts_at, ends_at = row
                by_chair.setdefault(chair_id, []).append((starts_at, ends_at))
                if patient_id == patient.pk:
                    of_patient.append((starts_at, ends_at))
        return cls(by_chair, of_patient)

    def patient_is_busy(self, starts_at: datetime, ends_at: datetime) -> bool:
        return _overlaps(self.of_patient, starts_at, ends_at)

    def free_chair(
        self, chairs: list[Chair], preferred: Chair | None, starts_at: datetime, ends_at: datetime
    ) -> Chair | None:
        """Return the preferred chair if free, else the first free one in the clinic's order."""
        first = [chair for chair in chairs if preferred is not None and chair.pk == preferred.pk]
        for chair in [*first, *chairs]:
            if not _overlaps(self.by_chair.get(chair.pk, []), starts_at, ends_at):
                return chair
        return None


def _overlaps(spans: list[Span], starts_at: datetime, ends_at: datetime) -> bool:
    return any(begin < ends_at and starts_at < end for begin, end in spans)
