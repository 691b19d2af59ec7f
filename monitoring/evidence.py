"""Which readings count for what: baseline, peak, latest. Readings dated after now never count."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from operator import attrgetter

from clinic.words import explains
from monitoring.alerts import Alert, critical, standing
from monitoring.readings import (
    Assessment,
    BloodPressure,
    Check,
    History,
    Medicine,
    Reading,
    Settings,
    first_dose_at,
    last_dose_at,
    observed_until,
    said,
)


def newest(ordered: Sequence[Reading], topic: str) -> tuple[Reading, ...]:
    """Return what spoke last for a topic, of readings in their order: of two, both count."""
    found: list[Reading] = []
    for reading in reversed(ordered):
        if found and reading.observed_at < found[0].observed_at:
            break
        if reading.speaks_for(topic):
            found.append(reading)
    return tuple(reversed(found))


@dataclass(frozen=True)  # without slots: what is asked again and again is computed once
class Evidence:
    history: History
    settings: Settings
    now: datetime
    _current: dict[str, tuple[Reading, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @cached_property
    def first(self) -> datetime | None:
        return first_dose_at(self.history.administrations)

    @cached_property
    def last(self) -> datetime | None:
        return last_dose_at(self.history.administrations)

    @cached_property
    def settles_from(self) -> datetime | None:
        """Return after what readings and assessments count: the last dose, or a later medicine."""
        if self.last is None:
            return None
        return max([self.last, *(one.at for one in self.history.medicines if one.acts)])

    @cached_property
    def observed_until(self) -> datetime | None:
        return observed_until(self.last, self.history.medicines, self.settings)

    def open_rechecks(self) -> list[Medicine]:
        """Return the medicines whose recheck is still to be done, the first due before others."""
        acting = [one for one in self.history.medicines if one.acts]
        waiting = [one for one in acting if one.recheck_in(self.readings) is None]
        return sorted(waiting, key=lambda one: one.due_at)

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """The readings that count, in the order of their times."""
        past = (r for r in self.history.readings if r.observed_at <= self.now)
        return tuple(sorted(past, key=attrgetter("observed_at")))

    @cached_property
    def before_dose(self) -> tuple[Reading, ...]:
        return tuple(r for r in self.readings if self.first and r.observed_at < self.first)

    @cached_property
    def after_first_dose(self) -> tuple[Reading, ...]:
        return tuple(r for r in self.readings if self.first and r.observed_at > self.first)

    @cached_property
    def critical(self) -> tuple[Alert, ...]:
        """Return the critical values that stand."""
        return critical(standing(self.history, self.settings, self.now))

    def baseline_values(self, measure: str) -> list[int]:
        """Return what the last word before the dose was; nothing when it is unknown."""
        values = [reading.known(measure) for reading in newest(self.before_dose, measure)]
        return [] if None in values else values

    def current(self, topic: str) -> tuple[Reading, ...]:
        """Return what speaks for a topic now: after the last dose and within `recent_minutes`."""
        if topic not in self._current:
            self._current[topic] = self._speaking_now(topic)
        return self._current[topic]

    def _speaking_now(self, topic: str) -> tuple[Reading, ...]:
        latest = newest(self.readings, topic)
        oldest = self.now - timedelta(minutes=self.settings.recent_minutes)
        since = self.settles_from
        if not latest or since is None or latest[0].observed_at <= since:
            return ()
        return latest if latest[0].observed_at >= oldest else ()

    def current_values(self, measure: str) -> list[int]:
        """Return the values that count now; none at all when one of them is unknown."""
        values = [reading.known(measure) for reading in self.current(measure)]
        return [] if None in values else values

    def in_peak_window(self) -> Reading | None:
        """Return the first blood pressure taken inside the window around 40 minutes."""
        opens, closes = self._peak_window
        inside = (r for r in self._bps if opens <= r.observed_at <= closes)
        return next(inside, None)

    def after_peak_window(self) -> Reading | None:
        """Return the late blood pressure that stands in: the first after the window, explained."""
        late = [r for r in self._bps if r.observed_at > self._peak_window[1]]
        first = (r for r in late if r.observed_at == late[0].observed_at)
        return next((r for r in first if explains(r.late_reason)), None)

    def peak_window_is_over(self) -> bool:
        return self.now > self._peak_window[1]

    def peak_opens_at(self) -> datetime:
        return self._peak_window[0]

    def missed_reason(self, check: Check | None, code: str) -> str:
        """Return the words given for a missed check, stored under its label or the code."""
        reasons = [self.history.missed.get(code, "")]
        if check:
            reasons.append(self.history.missed.get(check.label, ""))
        return next((reason for reason in reasons if explains(reason)), "")

    def highest_after_dose(self) -> BloodPressure | None:
        known = [r.bp for r in self._bps if r.bp]
        if not known:
            return None
        return BloodPressure(max(bp.systolic for bp in known), max(bp.diastolic for bp in known))

    def bps_before(self, moment: datetime) -> list[BloodPressure]:
        """Return the blood pressure taken before this one after the first dose; none if unknown."""
        earlier = [r for r in self.after_first_dose if r.observed_at < moment]
        previous = newest(earlier, "bp")
        known = [reading.bp for reading in previous if reading.bp]
        return known if len(known) == len(previous) else []

    @property
    def assessment_in_time(self) -> bool:
        """Say whether the assessment follows the last dose and the minimum time, as it has to."""
        given, since = self.history.assessment, self.settles_from
        if given is None or since is None or not since < given.at <= self.now:
            return False
        return self.observed_until is not None and self.observed_until <= given.at

    @cached_property
    def valid_assessment(self) -> Assessment | None:
        """The assessment if it still rests on everything that is known.

        It follows the minimum time. It is void once a reading was taken after it, or a reading, a
        medicine, an adverse event or the time of a dose was written, corrected, back-dated or
        entered in error.
        """
        assessment = self.history.assessment
        if assessment is None or not said(assessment.by) or not assessment.ready:
            return None
        if not self.assessment_in_time:
            return None
        newer = [max(r.observed_at, r.recorded_at) for r in self.readings]
        newer += [given.recorded_at for given in self.history.administrations]
        newer += [max(one.at, one.recorded_at) for one in self.history.medicines]
        newer += [self.history.withdrawn_at] if self.history.withdrawn_at else []
        newer += [self.history.event_written_at] if self.history.event_written_at else []
        return assessment if all(moment <= assessment.at for moment in newer) else None

    def future_times(self) -> int:
        """Count the times on record that have not come yet."""
        given = self.history.administrations
        times = [reading.observed_at for reading in self.history.readings]
        times += [administration.started_at for administration in given]
        times += [administration.ended_at for administration in given if administration.ended_at]
        times += [one.at for one in self.history.medicines]
        if self.history.assessment:
            times.append(self.history.assessment.at)
        return sum(moment > self.now for moment in times)

    @cached_property
    def _bps(self) -> list[Reading]:
        return [reading for reading in self.after_first_dose if reading.bp]

    @cached_property
    def _peak_window(self) -> tuple[datetime, datetime]:
        first = min(self.first or self.now, self.now)
        return (
            first + timedelta(minutes=self.settings.peak_window_from),
            first + timedelta(minutes=self.settings.peak_window_to),
        )
