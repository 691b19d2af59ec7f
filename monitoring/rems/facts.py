"""All that the form may know of one session, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import NamedTuple

from monitoring.readings import History, Settings


class Concomitant(NamedTuple):
    """What the medicine list says of one class: which medicines, and which nobody recognised."""

    named: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


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
    decision: str = ""  # why a prescriber let the treatment go on
    answers: Mapping[str, str | list[str]] = field(default_factory=dict)
    answered_by: str = ""
    medicines: Mapping[str, Concomitant] = field(default_factory=dict)  # by CLASSES
