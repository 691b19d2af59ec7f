from typing import Any

from django.http import HttpRequest

from clinic.models import User
from clinic.roles import permissions_of


def current_clinic(request: HttpRequest) -> dict[str, Any]:
    """Give templates the clinic worked at now and what this person may do there.

    `can` holds permissions by their codename alone: `{% if can.check_in %}`.
    """
    clinic = getattr(request, "clinic", None)
    if clinic is None or not isinstance(request.user, User):
        return {"nav_clinic": None, "can": {}}
    held = permissions_of(request.user.roles_by_clinic.get(clinic.pk, frozenset()))
    return {
        "nav_clinic": clinic,
        "nav_clinics": request.user.clinics,
        "can": {permission.partition(".")[2]: True for permission in held},
    }
