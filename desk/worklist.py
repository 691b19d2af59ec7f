"""What waits for a person: open tasks of my roles by urgency, sessions to sign or to close."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Value, When

from clinic.models import Clinic, User
from clinic.roles import Role
from clinic.times import day_bounds
from desk import rems
from patients.models import Task
from patients.models.task import TaskQuerySet
from sessions.models import Dose, TreatmentSession

MOST = 50  # rows of a page, and of each list beside the tasks
BACK = timedelta(days=90)
SIGN = "treatment_sessions.sign_session"
READS = "patients.view_chart"
CHECK_IN = "treatment_sessions.check_in"
WHOSE = {"": "Everybody's", "mine": "Mine", "free": "Nobody's yet"}
URGENCIES = {"now": "Now", "overdue": "Overdue", "today": "Today", "later": "Later"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address says; anything unknown is no choice."""

    whose: str = ""
    role: str = ""
    kind: str = ""
    page: int = 1

    @classmethod
    def read(cls, given: Mapping[str, Any], roles: frozenset[Role]) -> "Chosen":
        def one_of(name: str, known: Any) -> str:
            value = given.get(name, "")
            return value if value in known else ""

        page = str(given.get("page", ""))
        return cls(
            one_of("whose", WHOSE),
            one_of("role", {role.value for role in roles}),
            one_of("kind", Task.Kind.values),
            int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 5 else 1,
        )

    @property
    def query(self) -> str:
        unset = asdict(Chosen())
        return urlencode({k: v for k, v in asdict(self).items() if v and v != unset[k]})

    def but(self, **changes: Any) -> "Chosen":
        return replace(self, **{"page": 1, **changes})


@dataclass(frozen=True, slots=True)
class Choice:
    words: str
    query: str
    chosen: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Tasks of one urgency: those on this page, and how many there are."""

    name: str
    words: str
    count: int
    tasks: list[Task]


@dataclass(frozen=True, slots=True)
class Worklist:
    groups: list[Group]
    count: int
    chosen: Chosen
    whose: list[Choice]
    roles: list[Choice]
    kinds: list[Choice]
    earlier: str | None  # queries of the neighbouring pages
    following: str | None
    to_sign: list[TreatmentSession]
    left_open: list[TreatmentSession]  # of earlier days, still planned
    rems: rems.Waiting | None  # None where REMS doesn't apply, or for whom it is not shown
    may_sign: bool
    more: bool

    @property
    def tasks(self) -> list[Task]:
        return [task for group in self.groups for task in group.tasks]


def load(clinic: Clinic, user: User, now: datetime, given: Mapping[str, Any]) -> Worklist:
    """Read it in a number of statements that no list changes."""
    today = now.astimezone(clinic.zone).date()
    begin, end = day_bounds(clinic, today, today)
    held = user.roles_by_clinic.get(clinic.pk, frozenset())
    chosen = Chosen.read(given, held)
    to_sign = _to_sign(clinic, now) if user.may(SIGN, clinic.pk) else []
    left_open = _left_open(clinic, now, begin) if user.may(CHECK_IN, clinic.pk) else []
    mine = _of_roles(clinic, held, [row.public_id for row in to_sign[:MOST]])
    shows_rems = clinic.wants_rems and user.may(READS, clinic.pk)
    if shows_rems:
        mine = mine.exclude(kind=Task.Kind.REMS_FORM)  # the forms themselves are listed
    counted = _counted(mine, user, begin, end)
    first = (chosen.page - 1) * MOST
    rows = list(_narrowed(mine, chosen, user)[first : first + MOST + 1])
    return Worklist(
        groups=_groups(rows[:MOST], counted, chosen, begin, end, today),
        count=_total(counted, chosen),
        chosen=chosen,
        whose=[_choice(counted, chosen, "whose", value, words) for value, words in WHOSE.items()],
        roles=_roles(counted, chosen, held),
        kinds=_kinds(counted, chosen),
        earlier=chosen.but(page=chosen.page - 1).query if chosen.page > 1 else None,
        following=chosen.but(page=chosen.page + 1).query if len(rows) > MOST else None,
        to_sign=to_sign[:MOST],
        left_open=left_open[:MOST],
        rems=rems.load(clinic, now, rems.ON_WORKLIST) if shows_rems else None,
        may_sign=user.may(SIGN, clinic.pk),
        more=max(len(to_sign), len(left_open)) > MOST,
    )


def due_words(due_on: date, today: date) -> str:
    """Say in words when something is due: "3 days overdue", "today", "in 2 weeks"."""
    days = (due_on - today).days
    if days == 0:
        return "today"
    if days in {-1, 1}:
        return "1 day overdue" if days < 0 else "tomorrow"
    number, unit = (abs(days), "days") if abs(days) < 14 else (abs(days) // 7, "weeks")
    return f"{number} {unit} overdue" if days < 0 else f"in {number} {unit}"


def _to_sign(clinic: Clinic, now: datetime) -> list[TreatmentSession]:
    given = Dose.objects.given().filter(treatment_session=OuterRef("pk"))
    unsigned = _sessions(clinic, now).unsigned().filter(Exists(given))
    return list(unsigned.order_by("starts_at")[: MOST + 1])


def _left_open(clinic: Clinic, now: datetime, begin: datetime) -> list[TreatmentSession]:
    past = _sessions(clinic, now).planned().filter(starts_at__lt=begin)
    return list(past.order_by("starts_at")[: MOST + 1])


def _sessions(clinic: Clinic, now: datetime) -> Any:
    rows = TreatmentSession.objects.filter(clinic=clinic, starts_at__gte=now - BACK)
    return rows.select_related("patient", "phase")


def _of_roles(clinic: Clinic, roles: frozenset[Role], listed: list[UUID]) -> TaskQuerySet:
    """Return the open tasks of these roles; one signature is not asked for twice."""
    mine = Q(role__in=roles)
    if Role.PRESCRIBER in roles:
        mine |= Q(kind=Task.Kind.CRISIS)  # a nurse's first, but never a nurse's alone
    rows = Task.objects.open().filter(mine, clinic=clinic)
    return rows.exclude(kind=Task.Kind.SIGNATURE, source_id__in=listed)


def _narrowed(rows: TaskQuerySet, chosen: Chosen, user: User) -> TaskQuerySet:
    if chosen.whose:
        rows = rows.filter(taken_by=user if chosen.whose == "mine" else None)
    if chosen.role:
        rows = rows.filter(role=chosen.role)
    if chosen.kind:
        rows = rows.filter(kind=chosen.kind)
    return rows.urgent_first().select_related("patient", "taken_by")


@dataclass(frozen=True, slots=True)
class _Key:
    whose: str
    role: str
    kind: str
    urgency: str


Counted = Counter[_Key]


def _counted(rows: QuerySet[Task], user: User, begin: datetime, end: datetime) -> Counted:
    """Count all of them in one statement, by everything that can be chosen."""
    urgency = Case(
        When(kind=Task.Kind.CRISIS, then=Value("now")),
        When(due_at__lt=begin, then=Value("overdue")),
        When(due_at__lt=end, then=Value("today")),
        default=Value("later"),
    )
    whose = Case(
        When(taken_by=user, then=Value("mine")),
        When(taken_by=None, then=Value("free")),
        default=Value("others"),
    )
    found = rows.order_by().annotate(urgency=urgency, whose=whose)
    groups = found.values_list("whose", "role", "kind", "urgency").annotate(number=Count("pk"))
    return Counter({_Key(*key): number for *key, number in groups})


def _total(counted: Counted, chosen: Chosen, urgency: str = "") -> int:
    return sum(
        number
        for key, number in counted.items()
        if (not chosen.whose or key.whose == chosen.whose)
        and (not chosen.role or key.role == chosen.role)
        and (not chosen.kind or key.kind == chosen.kind)
        and (not urgency or key.urgency == urgency)
    )


def _choice(counted: Counted, chosen: Chosen, name: str, value: str, words: str) -> Choice:
    other = chosen.but(**{name: value})
    return Choice(words, other.query, getattr(chosen, name) == value, _total(counted, other))


def _roles(counted: Counted, chosen: Chosen, held: frozenset[Role]) -> list[Choice]:
    """Offer roles to somebody who has several."""
    if len(held) < 2:
        return []
    named = [("", "All my roles"), *((role.value, role.label) for role in Role if role in held)]
    return [_choice(counted, chosen, "role", value, words) for value, words in named]


def _kinds(counted: Counted, chosen: Chosen) -> list[Choice]:
    """Offer the kinds that wait, and the chosen one."""
    waiting = {key.kind for key in counted} | {chosen.kind}
    named = [("", "All kinds"), *((v, w) for v, w in Task.Kind.choices if v in waiting)]
    return [_choice(counted, chosen, "kind", value, words) for value, words in named]


def _groups(
    rows: list[Task],
    counted: Counted,
    chosen: Chosen,
    begin: datetime,
    end: datetime,
    today: date,
) -> list[Group]:
    of: dict[str, list[Task]] = {name: [] for name in URGENCIES}
    for task in rows:
        local = task.due_at.astimezone(begin.tzinfo)
        task.due_words = due_words(local.date(), today)  # type: ignore[attr-defined]  # for the page
        task.whole_day = local.time() == time.min  # type: ignore[attr-defined]
        task.entry_id = uuid4()  # type: ignore[attr-defined]  # of the button beside it
        of[_urgency(task, begin, end)].append(task)
    return [
        Group(name, words, _total(counted, chosen, name), of[name])
        for name, words in URGENCIES.items()
        if of[name]
    ]


def _urgency(task: Task, begin: datetime, end: datetime) -> str:
    if task.kind == Task.Kind.CRISIS:
        return "now"
    return "overdue" if task.due_at < begin else "today" if task.due_at < end else "later"
