"""All that the form may know of one session, as plain values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import NamedTuple

from monitoring.readings import History, Settings


class Concomitant(NamedTuple):
    """What the medicines of the day say of one class: which, and which nobody recognised.

    Without a list nothing but what was given in the visit is known: no other class is a “no”.
    """

    named: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    given: tuple[str, ...] = ()  # in the visit
    doubtful: tuple[str, ...] = ()  # may be of the class: a person says
    is_listed: bool = True

    @property
    def answers_no(self) -> bool:
        return self.is_listed and not (self.named or self.given or self.unread or self.doubtful)


class Device(NamedTuple):
    number: int
    given_at: datetime
    lot: str
    mg: Decimal | None  # None: less than the whole device, nobody estimated how much
    what: str  # "one spray only", empty when complete


class Event(NamedTuple):
    term: str
    serious: bool
    onset_at: datetime
    severity: str
    action: str
    ended_at: datetime | None
    ended: str
    criteria: tuple[str, ...] = ()  # keys of CRITERIA
    follow_ups: tuple[tuple[datetime, str], ...] = ()
    found: str = ""  # by the serotonin check that reported it


class Decision(NamedTuple):
    reason: str
    covers: Collection[str]  # keys of the values that it was shown


@dataclass(frozen=True, slots=True)
class Provider:
    """Who monitored: the clinician that assessed the patient, else who measured last."""

    name: str = ""
    phone: str = ""
    email: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the form may know of one session."""

    given_name: str
    family_name: str
    birth_date: date
    sex: str
    enrolment_number: str
    is_first: bool  # no dose before this session
    provider: Provider
    site: str
    address: str
    site_phone: str
    site_number: str
    zone: tzinfo
    arrived_at: datetime | None
    ended_at: datetime
    devices: tuple[Device, ...]
    history: History
    settings: Settings
    events: tuple[Event, ...] = ()
    decisions: tuple[Decision, ...] = ()  # to let treatment go on, the newest in front
    answers: Mapping[str, str | list[str]] = field(default_factory=dict)
    answered_by: str = ""
    medicines: Mapping[str, Concomitant] = field(default_factory=dict)  # by CLASSES
