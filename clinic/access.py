"""Who may see and do what: one backend, one way to fetch a row for a page."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from clinic.models import Clinic, User
from clinic.models.scoping import ClinicScopedQuerySet
from clinic.roles import permissions_of
from clinic.signed_in import user_with_memberships


def clinic_id_of(row: Any) -> int:
    """Return the clinic that decides about this row."""
    return row.pk if isinstance(row, Clinic) else row.clinic_id


class MembershipBackend(AuthenticationBackend):
    """Signs staff in; answers `user.has_perm` at the object's clinic, or anywhere without one."""

    def get_user(self, user_id: int) -> User | None:
        """Return who is signed in, with his memberships; nobody when his account is closed."""
        user = user_with_memberships(user_id)
        return user if user and self.user_can_authenticate(user) else None

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        clinic_ids = user_obj.clinic_ids if obj is None else [clinic_id_of(obj)]
        return any(user_obj.may(perm, clinic_id) for clinic_id in clinic_ids)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        return any(
            perm.startswith(f"{app_label}.")
            for roles in user_obj.roles_by_clinic.values()
            for perm in permissions_of(roles)
        )


def staff(request: HttpRequest) -> User:
    """Return the signed-in member of staff."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def allow(user: User, permission: str, row: Any = None) -> None:
    """Refuse (403) unless the user may do this at the clinic of the row."""
    if not user.has_perm(permission, row):
        raise PermissionDenied(permission)


def fetch(
    request: HttpRequest, queryset: ClinicScopedQuerySet, permission: str, **lookup: Any
) -> Any:
    """Return the row that this user may act on: 404 for strangers, 403 for the wrong role.

    From here on the page is about the row's clinic: its name and its zone are shown. The row gets
    the clinic as the user's memberships brought it: no join for it.
    """
    user = staff(request)
    row = get_object_or_404(queryset.visible_to(user), **lookup)
    allow(user, permission, row)
    clinic = user.clinic(clinic_id_of(row))
    _be_at(request, clinic)
    if not isinstance(row, Clinic):
        row.clinic = clinic
    return row


def _be_at(request: HttpRequest, clinic: Clinic) -> None:
    """Show this clinic's times for the rest of the request, wherever the user works otherwise."""
    request.clinic = clinic  # type: ignore[attr-defined]  # as CurrentClinicMiddleware set it
    timezone.activate(clinic.zone)
