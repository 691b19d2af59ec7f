"""Which chair is taken when, before anything is saved."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from clinic.models import Chair


class Diary:
    def __init__(self, chairs: tuple[Chair, ...]) -> None:
        self.chairs = chairs
        self.spans: dict[int, list[tuple[datetime, datetime]]] = {chair.pk: [] for chair in chairs}

    def hold(self, chair: Chair, starts_at: datetime, ends_at: datetime) -> None:
        self.spans[chair.pk].append((starts_at, ends_at))

    def find(
        self, starts: Iterable[datetime], length: timedelta, route: str
    ) -> tuple[datetime, Chair]:
        """Hold the first chair for this route that is free at one of these starts."""
        fitting = [c for c in self.chairs if route == "nasal" or c.room.for_infusions]
        for starts_at in starts:
            for chair in fitting:
                if self._is_free(chair, starts_at, starts_at + length):
                    self.hold(chair, starts_at, starts_at + length)
                    return starts_at, chair
        raise ValueError("no chair is free all day")

    def _is_free(self, chair: Chair, starts_at: datetime, ends_at: datetime) -> bool:
        return all(ends_at <= begin or end <= starts_at for begin, end in self.spans[chair.pk])
