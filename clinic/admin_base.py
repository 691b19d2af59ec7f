"""The border between clinics inside Django's admin: own rows, own choices, an author, no deletion.

Every admin of ours is a ClinicScopedAdmin or a ReadOnlyAdmin, every inline has OwnClinicMixin, and
a filter by a related row is an OwnRowsFilter. Relations to a model without a clinic are refused
until `own` says which rows may be shown.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import BaseModelAdmin
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db.models import (
    DateField,
    ForeignKey,
    ManyToManyField,
    Model,
    Q,
    QuerySet,
    TimeField,
    Value,
)
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst

from clinic import audit
from clinic.access import staff
from clinic.audit import acting
from clinic.forms import CalendarDateField
from clinic.models import Clinic, User
from clinic.models.policy import Policy
from clinic.models.scoping import ClinicScopedQuerySet
from clinic.refusals import refused_kindly
from clinic.rulebook import told


def clinic_of(row: Model) -> int | None:
    """Return the clinic that decides about this row; None for what belongs to no clinic."""
    rows = type(row)._default_manager.all()
    value: Any = row
    for name in getattr(rows, "clinic_lookup", "clinic_id").split("__"):
        value = getattr(value, name)
    return value


def clinic_here(request: HttpRequest) -> Clinic | None:
    """Return the clinic that the header names: the admin shows its rows and no others."""
    return getattr(request, "clinic", None)


class OwnClinicMixin(BaseModelAdmin):
    """Rows and choices of the clinic worked at now, if this person holds the permission there.

    A time alone is one on a wall clock: the browser's own field asks for it, since Django's speaks
    of the server's time.
    """

    formfield_overrides: ClassVar = {
        DateField: {"form_class": CalendarDateField},
        TimeField: {"widget": forms.TimeInput(format="%H:%M", attrs={"type": "time"})},
    }

    def clinic_ids(self, request: HttpRequest, action: str = "view") -> list[int]:
        here = clinic_here(request)
        return [pk for pk in self.everywhere(request, action) if here and pk == here.pk]

    def everywhere(self, request: HttpRequest, action: str) -> list[int]:
        """Return all clinics at which this person holds the permission."""
        permission = f"{self.opts.app_label}.{action}_{self.opts.model_name}"
        user = staff(request)
        return [clinic_id for clinic_id in user.clinic_ids if user.may(permission, clinic_id)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return self.own(rows, self.clinic_ids(request))

    def own(self, rows: QuerySet[Any], clinic_ids: list[int]) -> QuerySet[Any]:
        """Narrow rows to these clinics."""
        if isinstance(rows, ClinicScopedQuerySet):
            return rows.filter(**{f"{rows.clinic_lookup}__in": clinic_ids})
        if rows.model is User:
            ours = Q(memberships__clinic_id__in=clinic_ids) | Q(memberships__isnull=True)
            return rows.filter(ours).distinct()
        raise ImproperlyConfigured(f"{type(self).__name__} must say whose {rows.model} it shows.")

    def choices_of(self, model: type[Model], request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of a related model that a form or a filter may offer."""
        return self.own(model._default_manager.all(), self.clinic_ids(request))

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField | None:
        if "queryset" not in kwargs:
            kwargs["queryset"] = self.choices_of(db_field.related_model, request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField | None:
        if "queryset" not in kwargs:
            kwargs["queryset"] = self.choices_of(db_field.related_model, request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view", obj) or self._may(request, "change", obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "add", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "delete", obj)

    def _may(self, request: HttpRequest, action: str, obj: Model | None) -> bool:
        """An inline is asked with its parent, which lies at the same clinic."""
        clinic_ids = self.clinic_ids(request, action)
        return bool(clinic_ids) if obj is None else self.may_at(obj, clinic_ids)

    def may_at(self, obj: Model, clinic_ids: list[int]) -> bool:
        return clinic_of(obj) in clinic_ids


class OwnRowsFilter(admin.RelatedFieldListFilter):
    """Filter by a related row, offering only those of the own clinics."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: Any
    ) -> list[tuple[Any, Any]]:
        return [(row.pk, str(row)) for row in model_admin.choices_of(field.related_model, request)]


class ClinicScopedAdmin(OwnClinicMixin, admin.ModelAdmin):
    """Every write has its author and is in one transaction; no bulk deletion."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        current = clinic_here(request)
        initial: dict[str, Any] = {"clinic": current.pk} if current is not None else {}
        return initial | super().get_changeform_initial_data(request)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._acting(request, super().changeform_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if "%00" in request.META.get("QUERY_STRING", ""):
            return redirect(request.path)  # no text of ours holds NUL, and the database refuses it
        return self._acting(request, super().changelist_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._acting(request, super().delete_view, *args, **kwargs)

    def _acting(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        try:
            with refused_kindly(), acting(staff(request)):
                return view(request, *args, **kwargs)
        except ValidationError as refusal:
            for message in refusal.messages:
                self.message_user(request, message, messages.ERROR)
            return redirect(request.get_full_path())


class PolicyAdmin(ClinicScopedAdmin):
    """A clinic's settings: one row, no second one, each value with where its default is from."""

    change_form_template = "admin/clinic/policy.html"
    change_list_template = "admin/clinic/policies.html"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        source = self.model.SOURCES.get(db_field.name)
        if field is not None and source is not None:
            default = f"Default: {_default_of(db_field)}. {source}"
            field.help_text = f"{field.help_text} {default}".strip()
        return field

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        here = clinic_here(request)
        is_first = here is not None and self.opts.label not in _policies_of(request, here)
        return is_first and super().has_add_permission(request, obj)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["title"] = f"{capfirst(self.opts.verbose_name)}: the clinic's settings"
        context["show_save_and_add_another"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _default_of(field: Any) -> str:
    """Say the default of a setting as its form shows it."""
    default = field.get_default()
    if isinstance(default, bool):
        return "on" if default else "off"
    if default in (None, ""):
        return "empty"
    return str(dict(field.flatchoices).get(default) or told(default))


def _policies_of(request: HttpRequest, clinic: Clinic) -> frozenset[str]:
    """Return which settings the clinic has: read once, for the menu asks about each of them."""
    found: frozenset[str] | None = getattr(request, "policies", None)
    if found is None:
        first, *others = (
            model._default_manager.filter(clinic=clinic).values_list(Value(model._meta.label))
            for model in Policy.__subclasses__()
        )
        found = frozenset(label for (label,) in first.union(*others))
        request.policies = found  # type: ignore[attr-defined]  # kept for this one request
    return found


class ReadOnlyAdmin(ClinicScopedAdmin):
    """Rows that are looked at here and changed elsewhere, through their services."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField | None:
        kwargs["queryset"] = db_field.related_model._default_manager.none()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        row = self.get_object(request, object_id) if object_id else None
        if row is not None and _is_about_a_patient(row):
            audit.read(staff(request), f"admin.{self.opts.model_name}", row)
        return super().changeform_view(request, object_id, *args, **kwargs)


def _is_about_a_patient(row: Model) -> bool:
    return row._meta.label == "patients.Patient" or getattr(row, "patient_id", None) is not None
