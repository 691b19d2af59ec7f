"""The ledger as staff see it: what goes out, what went or didn't and why, what waits for them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from clinic import heartbeat
from clinic.models import Clinic, User
from clinic.times import YEARS, day_bounds
from desk.worklist import Choice
from reminders.kinds import Kind
from reminders.models import Message
from reminders.reaching import zone_of
from reminders.services import ledger

State = Message.State
MOST = 50  # rows of a page
BACK = timedelta(days=30)
NOT_SENT = (State.SUPPRESSED, State.EXPIRED, State.CANCELLED, State.DISMISSED)


@dataclass(frozen=True, slots=True)
class Tab:
    words: str
    rows: Q
    empty: str
    order: tuple[str, ...] = ("-not_before", "-pk")


TABS = {
    "failed": Tab(
        "Failed",
        Q(state=State.FAILED),
        "No message has failed. One that the mail server refuses, or that can't be delivered for "
        "hours, stands here until somebody has settled it.",
    ),
    "held": Tab(
        "Waiting for a look",
        Q(state=State.HELD),
        "Nothing waits for a look. After the database was restored, what may have gone before "
        "stands here until somebody releases or settles it.",
    ),
    "planned": Tab(
        "Going out",
        Q(state__in=[State.PLANNED, State.SENDING]),
        "Nothing goes out until tomorrow evening. Messages are planned when a session is booked, "
        "moved or over, by the clinic's rules.",
        ("not_before", "pk"),
    ),
    "sent": Tab("Sent", Q(state=State.SENT), "Nothing was sent in this time."),
    "twice": Tab(
        "Perhaps sent twice",
        Q(maybe_twice=True),
        "Nothing may have gone twice. Where the connection broke just when a mail was handed over, "
        "it is sent again rather than lost, and stands here.",
    ),
    "bounced": Tab(
        "Came back",
        Q(bounced_at__isnull=False),
        "Nothing came back. A mail whose address turns out to be wrong later stands here.",
    ),
    "unsent": Tab(
        "Not sent",
        Q(state__in=NOT_SENT),
        "Nothing was left unsent in this time. What a patient doesn't want, what came too late or "
        "was called off stands here with the reason.",
    ),
}
FOR_A_PERSON = ("failed", "held")


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """What the address says and nobody understands: the page says so beside the filter."""

    show: str
    on: str

    @classmethod
    def of(cls, given: Mapping[str, Any], chosen: "Chosen") -> "NotUnderstood":
        def told(name: str) -> str:
            return "".join(c for c in str(given.get(name, "")) if c.isprintable()).strip()[:40]

        return cls("" if chosen.show else told("show"), "" if chosen.on else told("on"))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address says; anything unknown is no choice, and stands in `NotUnderstood`."""

    show: str = ""
    on: str = ""
    page: int = 1

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Chosen":
        show, page = str(given.get("show", "")), str(given.get("page", "")).lstrip("0")
        day = _day(str(given.get("on", "")))
        return cls(
            show if show in TABS else "",
            day.isoformat() if day else "",
            int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 5 else 1,
        )

    @property
    def query(self) -> str:
        unset = asdict(Chosen())
        return urlencode({k: v for k, v in asdict(self).items() if v != unset[k]})

    @property
    def day(self) -> date | None:
        return _day(self.on)

    def but(self, **changes: Any) -> "Chosen":
        return replace(self, **{"page": 1, **changes})


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text.isascii() else None
    except ValueError:
        return None
    return day if day and day.year in YEARS else None


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody may do with a message."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Ledger:
    rows: list[Message]
    empty: str  # why there are no rows, if there are none
    tab: Tab
    chosen: Chosen
    not_understood: NotUnderstood
    tabs: list[Choice]
    count: int
    earlier: str | None  # queries of the neighbouring pages
    following: str | None
    whole: str  # the query without the day
    is_silent: bool  # no sweep has finished lately
    may_release_all: bool


def load(clinic: Clinic, user: User, now: datetime, given: Mapping[str, Any]) -> Ledger:
    """Read it in a number of statements that no list changes."""
    chosen = Chosen.read(given)
    rows = _in_time(clinic, now, chosen.day)
    counts = rows.aggregate(**{name: Count("pk", filter=tab.rows) for name, tab in TABS.items()})
    show = chosen.show or next((name for name in FOR_A_PERSON if counts[name]), "planned")
    tab, first = TABS[show], (chosen.page - 1) * MOST
    found = list(_shown(rows.filter(tab.rows)).order_by(*tab.order)[first : first + MOST + 1])
    for message in found[:MOST]:
        _dress(message, clinic, user, now, f"?{urlencode({'back': chosen.query})}")
    return Ledger(
        rows=found[:MOST],
        empty=_empty(tab, chosen),
        tab=tab,
        chosen=chosen,
        not_understood=NotUnderstood.of(given, chosen),
        tabs=[
            Choice(each.words, chosen.but(show=name).query, name == show, counts[name])
            for name, each in TABS.items()
        ],
        count=counts[show],
        earlier=chosen.but(page=chosen.page - 1).query if chosen.page > 1 else None,
        following=chosen.but(page=chosen.page + 1).query if len(found) > MOST else None,
        whole=chosen.but(on="").query,
        is_silent=heartbeat.overdue(heartbeat.SWEEP) is not None,
        may_release_all=bool(counts["held"]) and user.may(ledger.RELEASE, clinic.pk),
    )


def _empty(tab: Tab, chosen: Chosen) -> str:
    """Say why no row is shown: what a tab says of itself is about all its days and pages."""
    if chosen.page > 1:
        return "The list has no such page."
    return f"On that day there is nothing under “{tab.words}”." if chosen.on else tab.empty


def _in_time(clinic: Clinic, now: datetime, day: date | None) -> QuerySet[Message]:
    """Return those of a day, else of the last month until tomorrow evening.

    What waits for a person stays in the list however old it is.
    """
    rows = Message.objects.filter(clinic=clinic)
    if day is not None:
        begin, end = day_bounds(clinic, day, day)
        return rows.filter(not_before__gte=begin, not_before__lt=end)
    today = now.astimezone(clinic.zone).date()
    begin, end = day_bounds(clinic, today - BACK, today + timedelta(days=1))
    lately = Q(not_before__gte=begin, not_before__lt=end)
    return rows.filter(lately | Q(state__in=[State.FAILED, State.HELD]))


def _shown(rows: QuerySet[Message]) -> QuerySet[Message]:
    return rows.select_related(
        *("patient__email_contact", "rule", "treatment_session", "asked_by", "settled_by")
    )


def _dress(message: Any, clinic: Clinic, user: User, now: datetime, back: str) -> None:
    """Give the page what it shows beside the row."""
    message.acts = acts(message, user, now, back)
    message.elsewhere = _elsewhere(message, clinic)


def acts(
    message: Message, user: User, now: datetime, back: str, *, links: bool = True
) -> list[Act]:
    """Return what this person may do with it now; the service decides again."""
    in_time = message.expires_at > now
    offered = (
        ("Try again", "again", ledger.RETRY, message.state == State.FAILED and in_time),
        ("Release", "release", ledger.RELEASE, message.state == State.HELD and in_time),
        ("Settle", "dismiss", ledger.DISMISS, message.state in {State.FAILED, State.HELD}),
        ("Send once more", "resend", ledger.RESEND, _may_repeat(message) and in_time),
        ("End its links", "revoke", ledger.REVOKE, links and _has_links(message)),
    )
    return [
        Act(words, reverse(f"desk:message_{name}", args=[message.public_id]) + back)
        for words, name, permission, fits in offered
        if fits and user.may(permission, message.clinic_id)
    ]


def _may_repeat(message: Message) -> bool:
    return message.state == State.SENT and message.kind != Kind.ON_CALL


def _has_links(message: Message) -> bool:
    return _may_repeat(message) and message.links_revoked_at is None


def _elsewhere(message: Message, clinic: Clinic) -> str:
    """Say the time on the patient's own clock, where that differs: "03:00 in New York"."""
    zone = zone_of(getattr(message.patient, "email_contact", None))
    if zone is None or zone == clinic.zone:
        return ""
    at = message.sent_at or message.not_before
    theirs, ours = at.astimezone(zone), at.astimezone(clinic.zone)
    if theirs.utcoffset() == ours.utcoffset():
        return ""
    return f"{theirs:%a %H:%M} in {zone.key.rpartition('/')[2].replace('_', ' ')}"
