"""The two practices: rooms, hours, closures and the people who work there."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from clinic.models import Chair, Clinic, Closure, Membership, OpeningHours, Room, User
from clinic.roles import Role

PASSWORD: Final = "taper-demo"  # noqa: S105 - it is printed at every start of the demo
MIDDAY = 13
OPEN_DAYS = range(6)  # Monday to Saturday, and the day on which the demo is made
OPENS_AT, CLOSES_AT = time(7), time(21)


@dataclass(frozen=True, slots=True)
class City:
    """Numbers that are set aside for invented people, where the country has such."""

    zone: str
    address: str
    phone: str


NEW_YORK = City("America/New_York", "12 Mill Lane\nNew York, NY 10001", "+1 212 555 0114")
BERLIN = City("Europe/Berlin", "Uferweg 8\n10115 Berlin", "+49 30 23125 014")
CITIES = (
    NEW_YORK,
    BERLIN,
    City("America/Los_Angeles", "480 Orchard Street\nLos Angeles, CA 90001", "+1 213 555 0127"),
    City("Australia/Perth", "3 Wharf Road\nPerth WA 6000", "+61 8 5550 0142"),
)
ROOMS = (("Bay A", 4), ("Bay B", 3), ("Infusion room", 2), ("Quiet room", 1))
NASAL_ROOMS = {"Bay A", "Bay B"}
SMALL_ROOMS = (("Garden room", 2), ("North room", 1))


@dataclass(frozen=True, slots=True)
class Staff:
    front_desk: User
    nurse: User
    prescriber: User
    administrator: User


@dataclass(frozen=True, slots=True)
class Site:
    clinic: Clinic
    staff: Staff
    chairs: tuple[Chair, ...]


def cities_at(now: datetime) -> tuple[City, City]:
    """Return two cities, first the one where it is nearest to midday: its day is in full swing.

    The zones lie so far apart that in one of them it is always between 9 and 17 o'clock.
    """

    def from_midday(city: City) -> float:
        there = now.astimezone(ZoneInfo(city.zone))
        return abs(there.hour + there.minute / 60 - MIDDAY)

    first = min(CITIES, key=from_midday)
    return first, BERLIN if first is NEW_YORK else NEW_YORK


def make_sites(now: datetime) -> tuple[Site, Site]:
    near, far = cities_at(now)
    riverside = _make_clinic("Riverside Practice", near, now, ROOMS, rems_certified=True)
    harbor = _make_clinic("Harbor Practice", far, now, SMALL_ROOMS)
    prescriber = _make_user("prescriber", "Miriam", "Castellanos")
    front_desk = _make_user("frontdesk", "Jonah", "Whitlock")
    nurse = _make_user("nurse", "Adunni", "Falade")
    nurse2 = _make_user("nurse2", "Silke", "Brandt")
    prescriber2 = _make_user("prescriber2", "Håkon", "Tveit")
    admin = _make_user("admin", "Teresa", "Lindholm", is_staff=True)
    auditor = _make_user("auditor", "Gideon", "Prakash", is_staff=True)
    _join(riverside, front_desk, Role.FRONT_DESK)
    _join(riverside, nurse, Role.NURSE)
    _join(riverside, prescriber, Role.PRESCRIBER)
    _join(riverside, admin, Role.ADMINISTRATOR)
    _join(riverside, auditor, Role.AUDITOR)
    _join(harbor, prescriber, Role.PRESCRIBER)
    _join(harbor, admin, Role.ADMINISTRATOR)
    _join(harbor, nurse2, Role.NURSE)
    _join(harbor, nurse2, Role.FRONT_DESK)
    _join(harbor, prescriber2, Role.PRESCRIBER)
    return (
        Site(riverside, Staff(front_desk, nurse, prescriber, admin), _chairs(riverside)),
        Site(harbor, Staff(nurse2, nurse2, prescriber2, admin), _chairs(harbor)),
    )


def _make_clinic(
    name: str, city: City, now: datetime, rooms: tuple[tuple[str, int], ...], **values: bool
) -> Clinic:
    clinic = Clinic.objects.create(
        name=name,
        time_zone=city.zone,
        address=city.address,
        phone=city.phone,
        email=f"desk@{name.split()[0].lower()}.example.com",
        sender_name=name,
        **values,
    )
    for order, (room_name, chairs) in enumerate(rooms):
        make_room(clinic, room_name, chairs, order)
    today = now.astimezone(clinic.zone).weekday()
    OpeningHours.objects.bulk_create(
        OpeningHours(clinic=clinic, weekday=day, opens_at=OPENS_AT, closes_at=CLOSES_AT)
        for day in sorted({*OPEN_DAYS, today})
    )
    _close_a_day_next_week(clinic, now)
    return clinic


def make_room(clinic: Clinic, name: str, chairs: int, order: int) -> Room:
    infusions = name not in NASAL_ROOMS
    room = Room.objects.create(clinic=clinic, name=name, order=order, for_infusions=infusions)
    Chair.objects.bulk_create(
        Chair(room=room, name=f"Chair {number}", order=number) for number in range(1, chairs + 1)
    )
    return room


def _close_a_day_next_week(clinic: Clinic, now: datetime) -> None:
    today = now.astimezone(clinic.zone).date()
    wednesday = today + timedelta(days=9 - today.weekday())
    Closure.objects.create(
        clinic=clinic, starts_on=wednesday, ends_on=wednesday, reason="Staff training"
    )


def _make_user(username: str, first_name: str, last_name: str, *, is_staff: bool = False) -> User:
    return User.objects.create_user(
        username,
        f"{username}@example.com",
        PASSWORD,
        first_name=first_name,
        last_name=last_name,
        is_staff=is_staff,
    )


def _join(clinic: Clinic, user: User, role: Role) -> None:
    Membership.objects.create(clinic=clinic, user=user, role=role)


def _chairs(clinic: Clinic) -> tuple[Chair, ...]:
    return tuple(Chair.objects.bookable_at(clinic).select_related("room"))
