"""Small makers of ground rows for tests; each writes as the actor "tests"."""

from datetime import time
from itertools import count
from typing import Any

from clinic.audit import acting, system
from clinic.models import Chair, Clinic, Membership, OpeningHours, Room, User
from clinic.roles import Role

TESTS = system("tests")
_number = count(1)


def make_clinic(
    name: str = "", *, open_days: tuple[int, ...] = (0, 1, 2, 3, 4), **values: Any
) -> Clinic:
    """Make a clinic in Berlin with one room, two chairs, open 8 to 18 on the given weekdays."""
    name = name or f"Clinic {next(_number)}"
    values = {"time_zone": "Europe/Berlin", "sender_name": name, "phone": "030 1234567", **values}
    with acting(TESTS):
        clinic = Clinic.objects.create(name=name, **values)
        room = Room.objects.create(clinic=clinic, name="Room 1")
        for order in (1, 2):
            Chair.objects.create(room=room, name=f"Chair {order}", order=order)
        OpeningHours.objects.bulk_create(
            OpeningHours(clinic=clinic, weekday=day, opens_at=time(8), closes_at=time(18))
            for day in open_days
        )
    return clinic


def make_user(username: str = "", **values: Any) -> User:
    with acting(TESTS):
        return User.objects.create_user(username or f"user{next(_number)}", **values)


def make_staff(clinic: Clinic, role: Role, username: str = "") -> User:
    user = make_user(username or f"{role}{next(_number)}", is_staff=role == Role.ADMINISTRATOR)
    with acting(TESTS):
        Membership.objects.create(user=user, clinic=clinic, role=role)
    return user
