"""Move one session to another day, time or chair."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock
from clinic.audit import Actor, acting, actor_of
from clinic.entries import Submission
from clinic.locks import check_version
from clinic.models import Chair, User
from clinic.refusals import refused_kindly
from clinic.words import explains
from sessions import ports
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.models.session import BELOW_GAP, MOVED, PLACE, STANDING
from sessions.plans import say
from sessions.services import asks, steps
from sessions.services.booking import check_treatable, lock_chairs
from sessions.services.calendar import hours_of
from sessions.services.drafts import CHAIRS_TAKEN, PATIENT_BUSY
from sessions.services.extending import lock_to_book
from sessions.services.places import Occupancy

MOVE = "treatment_sessions.move_session"
DECIDE = "treatment_sessions.override_gate"
HANDS = {"user": "Moved by hand", "patient_link": "Moved by the patient"}
ASK_A_PRESCRIBER = (
    "Only a prescriber may decide this: ask one to move the session, or choose another day."
)


@dataclass(frozen=True, slots=True)
class Warnings:
    """What is unusual about a day: too near to a neighbour, or just not where it belongs."""

    below_gap: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.below_gap, *self.others)


@dataclass(frozen=True, slots=True)
class Seat:
    """When a visit is, and where; and what is unusual about it."""

    starts_at: datetime
    ends_at: datetime
    chair: Chair
    warnings: Warnings


@dataclass(frozen=True, slots=True)
class Move:
    """A session at its new place, and what was unusual about moving it there."""

    treatment_session: TreatmentSession
    warnings: tuple[str, ...]


def move(
    pk: int,
    *,
    day: date,
    wall_time: time,
    chair: Chair | None = None,
    reason: str = "",
    notify: bool = False,
    by: User,
    version: int | None,
    entry: Submission | None = None,
) -> Move:
    """Give a planned session another day, time or chair; without a chair the first free one.

    Outside its treatment week it needs a reason; nearer to a neighbour than the minimum gap it is a
    prescriber's decision, with a reason.
    """
    with refused_kindly(), acting(by, entry):
        treatment_session = lock(pk)
        if not by.may(MOVE, treatment_session.clinic_id):
            raise PermissionDenied(MOVE)
        check_version(treatment_session, version)
        if treatment_session.status != Status.PLANNED:
            state = treatment_session.get_status_display()
            raise ValidationError(
                f"The session is “{state}”: only a planned one moves.", code="not_planned"
            )
        usual = treatment_session.chair
        found = seat(treatment_session, day, wall_time, usual, wanted=chair, reason=reason, by=by)
        before = treatment_session.schedule_rev
        take_seat(treatment_session, found, reason=reason, by=by)
        if notify and treatment_session.schedule_rev != before:
            ports.notice_wanted(treatment_session)
        return Move(treatment_session, found.warnings.all)


def lock(pk: int) -> TreatmentSession:
    """Lock a session as whoever books for it must: patient, course, chairs, then the session."""
    of = TreatmentSession.objects.values("course_id").get(pk=pk)
    course = lock_to_book(of["course_id"])
    lock_chairs(course.clinic)
    return steps.lock(pk)


def seat(
    treatment_session: TreatmentSession,
    day: date,
    wall_time: time,
    usual: Chair | None,
    *,
    wanted: Chair | None,
    reason: str,
    by: User,
) -> Seat:
    """Return the place of the visit then: the wanted chair, else the usual or any free one.

    An unusual day needs a reason; below the minimum gap it is a prescriber's to give.
    """
    check_treatable(treatment_session.patient, day)
    hours = hours_of(treatment_session.clinic)
    length = timedelta(minutes=treatment_session.course.protocol.visit_minutes)
    starts_at = hours.at(day, wall_time)
    if starts_at < clock.now():
        raise ValidationError({"day": "This day and time have passed."})
    refusal = hours.refusal(day, wall_time, length)
    if refusal:
        raise ValidationError({"wall_time" if hours.calendar.is_open(day) else "day": refusal})
    warnings = _accepted(treatment_session, day, reason, by=by)
    ends_at = starts_at + length
    found = _chair(treatment_session, usual, wanted, starts_at, ends_at)
    return Seat(starts_at, ends_at, found, warnings)


def _accepted(treatment_session: TreatmentSession, day: date, reason: str, *, by: User) -> Warnings:
    """Return what is unusual about the day; on the day that it has already, nothing is decided."""
    warnings = warnings_of(treatment_session, day, neighbours_of(treatment_session))
    if day == treatment_session.day:
        return Warnings((), warnings.others)
    if warnings.below_gap and not by.may(DECIDE, treatment_session.clinic_id):
        raise ValidationError({"day": [*warnings.below_gap, ASK_A_PRESCRIBER]}, code=BELOW_GAP)
    if warnings.all and not explains(reason):
        raise ValidationError({"reason": [*warnings.all, "Say why it takes place then."]})
    return warnings


def neighbours_of(treatment_session: TreatmentSession) -> list[TreatmentSession]:
    """Return the other sessions of the course that keep their days."""
    standing = treatment_session.course.sessions.filter(status__in=STANDING)
    return list(standing.exclude(pk=treatment_session.pk).select_related("phase"))


def warnings_of(
    treatment_session: TreatmentSession, day: date, neighbours: Iterable[TreatmentSession]
) -> Warnings:
    """Refuse a second session on one day; else name the gaps, the week and the order."""
    below_gap, others, passed = [], [], []
    if not treatment_session.window_from <= day <= treatment_session.window_to:
        window = f"{say(treatment_session.window_from)} to {say(treatment_session.window_to)}"
        others.append(f"{say(day)} lies outside the treatment week ({window}).")
    zone = treatment_session.clinic.zone
    for other in neighbours:
        other_day = other.starts_at.astimezone(zone).date()
        needed = max(treatment_session.phase.min_gap_days, other.phase.min_gap_days)
        gap = abs((day - other_day).days)
        if gap == 0:
            raise ValidationError({"day": f"Session {other.number} is on this day already."})
        if gap < needed:
            days = "1 day" if gap == 1 else f"{gap} days"
            below_gap.append(
                f"Only {days} to session {other.number} ({say(other_day)}); the minimum gap "
                f"is {needed} days."
            )
        if (day < other_day) != (treatment_session.number < other.number):
            passed.append(str(other.number))
    if passed:
        others.append(f"It would change places with session {', '.join(passed)}.")
    return Warnings(tuple(below_gap), tuple(others))


def _chair(
    treatment_session: TreatmentSession,
    usual: Chair | None,
    wanted: Chair | None,
    starts_at: datetime,
    ends_at: datetime,
) -> Chair:
    clinic = treatment_session.clinic
    occupancy = Occupancy.around(
        clinic,
        treatment_session.patient,
        [starts_at.astimezone(clinic.zone).date()],
        leaving_out=frozenset({treatment_session.pk} - {None}),
    )
    if occupancy.patient_is_busy(starts_at, ends_at):
        raise ValidationError({"wall_time": PATIENT_BUSY})
    route = treatment_session.course.protocol.route
    chairs = list(Chair.objects.bookable_at(clinic).serving(route).select_related("room"))
    offered = chairs if wanted is None else [chair for chair in chairs if chair == wanted]
    found = occupancy.free_chair(offered, usual, starts_at, ends_at)
    if found is None and wanted is None:
        raise ValidationError({"wall_time": CHAIRS_TAKEN})
    if found is None:
        text = f"{wanted} is not free then, or not for this treatment. Choose another one."
        raise ValidationError({"chair": text})
    return found


def take_seat(
    treatment_session: TreatmentSession, to: Seat, *, reason: str, by: User | Actor
) -> None:
    """Write the new place; a person's, or the patient's who chose among what was offered."""
    before, was = treatment_session.starts_at, treatment_session.chair
    if (before, was) == (to.starts_at, to.chair):
        raise ValidationError("It is at this time and place already.", code="unmoved")
    zone = treatment_session.clinic.zone
    treatment_session.trace.append(
        {
            "rule": BELOW_GAP if to.warnings.below_gap else MOVED,
            "text": f"{HANDS[actor_of(by).kind]} from {_say(before.astimezone(zone))}, {was}, "
            f"to {_say(to.starts_at.astimezone(zone))}, {to.chair}.",
            "anchor": before.astimezone(zone).date().isoformat(),
            "by": actor_of(by).label,
            "reason": reason.strip(),
        }
    )
    treatment_session.take_place(to.starts_at, to.ends_at, to.chair, now=clock.now())
    treatment_session.version += 1
    treatment_session.save(update_fields=["trace", *PLACE, "version"])
    audit.record("session.moved", subject=treatment_session, reason=reason.strip())
    asks.off_a_closed_day(treatment_session, by=by if isinstance(by, User) else None)
    ports.moved(treatment_session)


def _say(moment: datetime) -> str:
    return f"{say(moment.date())} {moment:%H:%M}"
