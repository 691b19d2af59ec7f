from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from clinic.access import allow, staff
from clinic.models import Clinic


def clinic_here(request: HttpRequest) -> Clinic:
    """Return the clinic that this person works at now and whose board he may see."""
    clinic = getattr(request, "clinic", None)
    if clinic is None:
        raise PermissionDenied("No clinic to work at.")
    allow(staff(request), "desk.view_board", clinic)
    return cast(Clinic, clinic)
