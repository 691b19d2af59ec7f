"""When a message may go, why it may not, and when to try again. Pure: the caller passes the time.

Hours are elapsed time; days with a time are wall time on the patient's clock.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reminders.kinds import BEFORE, BY_THE_CHART, NEWS, Kind

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
MOST_ATTEMPTS = 40  # with the waits above about nine hours; then a person takes over
MOST_BROKEN = 3  # a message that can't even be written is tried this often
ASKED_USEFUL = timedelta(hours=12)  # what somebody asked for is of no use on the day after
IN_TIME = timedelta(hours=3)  # before a visit, to read that it is not to be
AT_ANY_HOUR = frozenset({Kind.INSTRUCTIONS, Kind.ON_CALL})

BOOKED_LATER = "It was booked or moved after the time of this message."
RULE_IS_NEWER = "The rule is newer than the time of this message."
NO_TIME_LEFT = "It would come too late, or in the quiet hours only."

DIED = "The patient has died."
HELD = "Mail to the patient is held: a person lifts that on the chart."
NO_ADDRESS = "No e-mail address."
NOT_VERIFIED = "The e-mail address is not verified."
NO_CLOCK = "The patient's time zone is not known here. Choose it anew on the chart."
NO_CONSENT = "No consent to e-mail."
DECLINED = "The patient doesn't want this kind of message."
ENDING_BY_THEMSELVES = (HELD, NO_ADDRESS, NOT_VERIFIED, NO_CONSENT, DECLINED)
"""Whether they have ended, rows of the database say."""


@dataclass(frozen=True, slots=True)
class Window:
    """Due from the one moment on, worthless from the other."""

    not_before: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """When a message is due; an obstacle says why it is not sent although there is a time."""

    window: Window
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class Quiet:
    """From when to when no mail goes, on the patient's clock; usually over midnight."""

    begins: time = time(20)
    ends: time = time(8)

    def covers(self, at: time) -> bool:
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


@dataclass(frozen=True, slots=True)
class Timing:
    """A rule: either `hours`, or `days` and `at`; `since` is when it began to count so."""

    kind: str
    hours: int | None
    days: int | None
    at: time | None
    useful: timedelta
    since: datetime

    def point(self, anchor: datetime, zone: ZoneInfo, sign: int) -> datetime:
        """Return the moment so long before (-1) or after (+1) the anchor."""
        if self.hours is not None:
            return anchor.astimezone(UTC) + sign * timedelta(hours=self.hours)
        return self.on_the_day(anchor.astimezone(zone).date(), zone, sign)

    def on_the_day(self, day: date, zone: ZoneInfo, sign: int) -> datetime:
        if self.days is None or self.at is None:
            raise ValueError("This rule counts hours.")
        return wall_time(day + sign * timedelta(days=self.days), self.at, zone)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule counts from: a visit, or a date of the chart."""

    starts_at: datetime | None = None
    scheduled_at: datetime | None = None  # booked, or moved to this time
    ended_at: datetime | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """What decides whether a patient may be written to, on which clock and in which language."""

    zone: ZoneInfo
    address: str = ""
    verified: bool = False
    consent: bool = False
    deceased: bool = False
    held: bool = False
    quiet: Quiet = Quiet()
    language: str = ""
    declined: Collection[str] = frozenset()
    clock_is_known: bool = True

    @property
    def obstacle(self) -> str:
        """Say why no mail may go; nothing when it may."""
        if self.deceased:
            return DIED
        if self.held:
            return HELD
        if not self.address:
            return NO_ADDRESS
        if not self.verified:
            return NOT_VERIFIED
        if not self.clock_is_known:
            return NO_CLOCK
        return "" if self.consent else NO_CONSENT

    def obstacle_to(self, kind: str) -> str:
        is_declined = kind in self.declined and kind not in NEWS
        return self.obstacle or (DECLINED if is_declined else "")


def wall_time(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant: a skipped time moves on, of one that comes twice it is the first."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def next_waking(moment: datetime, zone: ZoneInfo, quiet: Quiet) -> datetime:
    """Return the moment itself, or when the quiet hours that it lies in are over."""
    local = moment.astimezone(zone)
    if not quiet.covers(local.time()):
        return moment
    day = local.date()
    ends = (
        datetime.combine(each, quiet.ends, zone).replace(fold=fold).astimezone(UTC)
        for each in (day, day + timedelta(days=1))
        for fold in (0, 1)
    )
    return next(end for end in ends if end > moment)


def slot(timing: Timing, facts: Facts, reach: Reach) -> Slot | None:
    """Return when the rule's message is due; nothing where the rule doesn't apply."""
    if timing.kind == Kind.LATE_BOOKING:
        return _short_notice(timing, facts, reach)
    if timing.kind in BEFORE:
        return _before(timing, facts, reach)
    if timing.kind in BY_THE_CHART:
        point = timing.on_the_day(facts.due_on, reach.zone, -1) if facts.due_on else None
    else:
        point = timing.point(facts.ended_at, reach.zone, +1) if facts.ended_at else None
    if point is None:
        return None
    obstacle = RULE_IS_NEWER if timing.since > point else ""
    return _slot(point, point + timing.useful, reach, obstacle)


def _before(timing: Timing, facts: Facts, reach: Reach) -> Slot | None:
    if facts.starts_at is None or facts.scheduled_at is None:
        return None
    point = timing.point(facts.starts_at, reach.zone, -1)
    obstacle = ""
    if facts.scheduled_at > point:
        obstacle = BOOKED_LATER
    elif timing.since > point:
        obstacle = RULE_IS_NEWER
    return _slot(point, facts.starts_at.astimezone(UTC) - timing.useful, reach, obstacle)


def _short_notice(timing: Timing, facts: Facts, reach: Reach) -> Slot | None:
    """It goes at once, if the booking was later than the rule's hours before the visit."""
    if facts.starts_at is None or facts.scheduled_at is None:
        return None
    if facts.scheduled_at <= timing.point(facts.starts_at, reach.zone, -1):
        return None
    if timing.since > facts.scheduled_at:
        return None
    expires_at = facts.starts_at.astimezone(UTC) - timing.useful
    return _slot(facts.scheduled_at, expires_at, reach, "")


def _slot(point: datetime, expires_at: datetime, reach: Reach, obstacle: str) -> Slot:
    window = Window(next_waking(point, reach.zone, reach.quiet), expires_at)
    if not obstacle and window.not_before >= expires_at:
        obstacle = NO_TIME_LEFT
    return Slot(window, obstacle)


def asked_window(
    kind: str,
    *,
    starts_at: datetime,
    ended_at: datetime | None,
    asked_at: datetime,
    reach: Reach,
    left_at: datetime | None = None,
) -> Window | None:
    """Return when a message goes that somebody asked for; nothing when it is too late.

    `left_at` is the time that a visit was moved away from: the patient would still come then.
    """
    begins = ended_at if kind == Kind.INSTRUCTIONS else asked_at
    if begins is None:
        return None
    begins = begins.astimezone(UTC)
    expires_at = begins + ASKED_USEFUL
    if kind in NEWS and starts_at > asked_at:
        expires_at = starts_at.astimezone(UTC)
    needed_by = min(expires_at, left_at or expires_at)
    not_before = earliest(kind, begins, needed_by, reach)
    return Window(not_before, expires_at) if asked_at < expires_at else None


def earliest(kind: str, moment: datetime, needed_by: datetime, reach: Reach) -> datetime:
    """Return when it may go: news of a visit break the quiet hours if the morning is too late."""
    if kind in AT_ANY_HOUR:
        return moment
    morning = next_waking(moment, reach.zone, reach.quiet)
    if kind in NEWS and morning > needed_by - IN_TIME:
        return moment
    return morning


def wait_before_next(attempts: int, jitter: float) -> timedelta:
    """Double the wait from try to try; `jitter` from 0 to 1 spreads it by a quarter each way."""
    doubled = FIRST_WAIT * 2 ** min(max(attempts - 1, 0), 10)
    return min(doubled, LONGEST_WAIT) * (0.75 + jitter / 2)
