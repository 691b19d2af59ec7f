"""Clinics, staff, rooms, hours and the audit trail in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from clinic import audit, ports
from clinic.access import staff
from clinic.admin_base import (
    ClinicScopedAdmin,
    OwnClinicMixin,
    PolicyAdmin,
    ReadOnlyAdmin,
    clinic_here,
)
from clinic.models import (
    AuditEvent,
    Chair,
    Clinic,
    Membership,
    OpeningHours,
    PrescriberEnrolment,
    PresencePolicy,
    RemsCertification,
    Room,
    User,
)

VIEW_CHART = "patients.view_chart"


class OpeningHoursInline(OwnClinicMixin, admin.TabularInline):
    model = OpeningHours
    extra = 0


class ChairInline(OwnClinicMixin, admin.TabularInline):
    model = Chair
    extra = 0
    fields = ("name", "order", "is_active")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipInline(OwnClinicMixin, admin.TabularInline):
    model = Membership
    extra = 0

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def may_at(self, obj: Any, clinic_ids: list[int]) -> bool:
        return bool(clinic_ids)  # the parent is a person; the rows shown are the own clinics'


@admin.register(Clinic)
class ClinicAdmin(ClinicScopedAdmin):
    list_display = ("name", "time_zone", "phone", "email", "rems_certified", "inpatient")
    inlines = (OpeningHoursInline,)
    fieldsets = (
        (None, {"fields": ("name", "time_zone", "address", "phone", "email", "sender_name")}),
        ("Rules", {"fields": ("late_entry_minutes", "rems_certified", "inpatient")}),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a new site is set up by `manage.py create_clinic`

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "sender_name" in form.changed_data:
            for warning in filter(None, ports.given_away(obj.sender_name).values()):
                self.message_user(request, warning, messages.WARNING)


@admin.register(PresencePolicy)
class PresencePolicyAdmin(PolicyAdmin):
    list_display = ("clinic", "required", "ask_again_minutes")


@admin.register(RemsCertification)
class RemsCertificationAdmin(ClinicScopedAdmin):
    list_display = ("clinic", "number", "representative", "certified_on", "expires_on")


@admin.register(PrescriberEnrolment)
class PrescriberEnrolmentAdmin(ClinicScopedAdmin):
    list_display = ("person", "clinic", "number", "enrolled_on", "ended_on")
    list_select_related = ("person", "clinic")


@admin.register(Room)
class RoomAdmin(ClinicScopedAdmin):
    list_display = (
        "name",
        "clinic",
        "chair_names",
        "for_nasal",
        "for_infusions",
        "is_active",
        "order",
    )
    list_filter = ("is_active", "for_nasal", "for_infusions")
    search_fields = ("name",)
    inlines = (ChairInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        return super().get_queryset(request).select_related("clinic").prefetch_related("chairs")

    @admin.display(description="Chairs")
    def chair_names(self, room: Room) -> str:
        return ", ".join(chair.name for chair in room.chairs.all() if chair.is_active) or "none"


@admin.register(User)
class StaffAdmin(ClinicScopedAdmin, DjangoUserAdmin):
    """People who work here. Someone who also works elsewhere is changed by nobody's one clinic."""

    list_display = ("username", "get_full_name", "roles", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "memberships__role")
    search_fields = ("username", "first_name", "last_name", "email")
    filter_horizontal = ()
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        (
            "Access",
            {"fields": ("is_active", "is_staff"), "description": "Staff may open this admin."},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("memberships__clinic")

    def clinic_ids(self, request: HttpRequest, action: str = "view") -> list[int]:
        return super().clinic_ids(request, "view" if action == "delete" else action)

    def _may(self, request: HttpRequest, action: str, obj: Any) -> bool:
        """Someone who works at several clinics is changed by who runs all of them."""
        if obj is None:
            return super()._may(request, action, obj)
        return self.may_at(obj, self.everywhere(request, action))

    def may_at(self, obj: Any, clinic_ids: list[int]) -> bool:
        held = {membership.clinic_id for membership in obj.memberships.all()}
        return held <= set(clinic_ids)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.clinic_ids(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._acting(request, super().user_change_password, *args, **kwargs)

    @admin.display(description="Roles")
    def roles(self, user: User) -> str:
        held = [m for m in user.memberships.all() if m.is_active]
        return ", ".join(f"{m.get_role_display()} ({m.clinic})" for m in held) or "none"


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "event", "actor_kind", "actor_label", "clinic", "table_name", "row_id")
    list_filter = ("actor_kind", "event")
    search_fields = ("actor_label", "table_name", "=row_id", "event")
    list_select_related = ("clinic",)
    show_full_result_count = False
    date_hierarchy = None

    def get_exclude(self, request: HttpRequest, obj: AuditEvent | None = None) -> tuple[str, ...]:
        """What was written is clinical as well: only those who may read charts see it."""
        clinic_id = obj.clinic_id if obj is not None else None
        reads_charts = clinic_id is not None and staff(request).may(VIEW_CHART, clinic_id)
        return () if reads_charts else ("before", "after", "detail")

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = super().changelist_view(request, *args, **kwargs)
        audit_log_was_read(request)
        return response


def audit_log_was_read(request: HttpRequest) -> None:
    """Looking at the trail is an event of the trail."""
    clinic = clinic_here(request)
    if clinic is not None and isinstance(request.user, User):
        with audit.acting(request.user):
            audit.record("audit.read", subject=clinic)
