"""When a message may go, why it may not, and when to try again. Pure: the caller passes `now`."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sessions.lifecycle import Status

WAKES, SLEEPS = time(8), time(20)  # mail leaves only then, on the patient's wall clock

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
MOST_ATTEMPTS = 40  # with the waits above about nine hours; then a person takes over
MOST_BROKEN = 3  # a message that can't even be written is tried this often


@dataclass(frozen=True, slots=True)
class Window:
    """Due from the one moment on, worthless from the other."""

    not_before: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Reminder:
    """`lead` and `useless` count back from the start of the session in elapsed time."""

    lead: timedelta
    useless: timedelta
    catches_up: bool
    """Also for a session that was booked or moved when the lead had passed already."""


REMINDER_72H, REMINDER_24H, FOLLOW_UP = "reminder_72h", "reminder_24h", "follow_up"
INSTRUCTIONS = "instructions"  # not planned by itself: a person asks for it at the door
REMINDERS = {
    REMINDER_72H: Reminder(timedelta(hours=72), timedelta(hours=24), catches_up=False),
    REMINDER_24H: Reminder(timedelta(hours=24), timedelta(hours=2), catches_up=True),
}
KINDS = (*REMINDERS, FOLLOW_UP)
FOLLOW_UP_AT = time(10)
FOLLOW_UP_USEFUL = timedelta(hours=48)
INSTRUCTIONS_USEFUL = timedelta(hours=12)

# Whoever was taken to a hospital gets a call from a person, not a letter from a machine.
FOLLOWED_UP = frozenset({Status.DISCHARGED, Status.LEFT_AGAINST_ADVICE})
STATUSES: dict[str, frozenset[Status]] = {
    **{kind: frozenset({Status.PLANNED}) for kind in REMINDERS},
    FOLLOW_UP: FOLLOWED_UP,
    INSTRUCTIONS: frozenset({Status.DISCHARGED}),
}


@dataclass(frozen=True, slots=True)
class Reach:
    """What decides whether a patient may be written to, and on which clock he lives."""

    zone: ZoneInfo
    address: str = ""
    verified: bool = False
    consent: bool = False
    deceased: bool = False
    held: bool = False

    @property
    def obstacle(self) -> str:
        """Say why no mail may go; nothing when it may."""
        if self.deceased:
            return "The patient has died."
        if self.held:
            return "Mail to the patient is held: a person lifts that on the chart."
        if not self.address:
            return "No e-mail address."
        if not self.verified:
            return "The e-mail address is not verified."
        return "" if self.consent else "No consent to e-mail."


def wall_time(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant: a skipped time moves on, of one that comes twice it is the first."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def next_waking(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment itself, or the next morning if the patient may be asleep."""
    local = moment.astimezone(zone)
    if WAKES <= local.time() < SLEEPS:
        return moment
    day = local.date() + timedelta(days=local.time() >= SLEEPS)
    return wall_time(day, WAKES, zone)


def may_go(kind: str, status: str) -> bool:
    return status in STATUSES[kind]


def window(
    kind: str, *, starts_at: datetime, ended_at: datetime | None, zone: ZoneInfo, now: datetime
) -> Window | None:
    """Return when the message is to go, or nothing if it is too late to plan it."""
    now, starts_at = now.astimezone(UTC), starts_at.astimezone(UTC)  # elapsed time, not wall time
    if kind == FOLLOW_UP:
        return _follow_up_window(ended_at, zone, now)
    if kind == INSTRUCTIONS:
        return _instructions_window(ended_at, now)
    rule = REMINDERS[kind]
    lead_passed = now > starts_at - rule.lead
    found = Window(next_waking(starts_at - rule.lead, zone), starts_at - rule.useless)
    if now >= found.expires_at or (lead_passed and not rule.catches_up):
        return None
    return found


def _follow_up_window(ended_at: datetime | None, zone: ZoneInfo, now: datetime) -> Window | None:
    if ended_at is None:
        return None
    day_after = ended_at.astimezone(zone).date() + timedelta(days=1)
    begins = wall_time(day_after, FOLLOW_UP_AT, zone)
    return Window(begins, begins + FOLLOW_UP_USEFUL) if now < begins + FOLLOW_UP_USEFUL else None


def _instructions_window(ended_at: datetime | None, now: datetime) -> Window | None:
    """At once, at any hour: somebody asked for it; on the day after it is of no use."""
    if ended_at is None:
        return None
    ended_at = ended_at.astimezone(UTC)
    found = Window(ended_at, ended_at + INSTRUCTIONS_USEFUL)
    return found if now < found.expires_at else None


def wait_before_next(attempts: int, jitter: float) -> timedelta:
    """Double the wait from try to try; `jitter` from 0 to 1 spreads it by a quarter each way."""
    doubled = FIRST_WAIT * 2 ** min(max(attempts - 1, 0), 10)
    return min(doubled, LONGEST_WAIT) * (0.75 + jitter / 2)
