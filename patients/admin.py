"""Consent texts and settings to edit; patients and their open work only to look at."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from clinic.access import staff
from clinic.admin_base import ClinicScopedAdmin, PolicyAdmin, ReadOnlyAdmin, clinic_here
from clinic.models import Clinic
from patients.models import ConsentTemplate, Patient, PatientPolicy, ScreenPolicy, Task
from patients.services import consent_templates


@admin.register(Patient)
class PatientAdmin(ReadOnlyAdmin):
    list_display = ("record_number", "family_name", "given_name", "birth_date", "sex", "deceased")
    list_filter = ("deceased", "sex")
    search_fields = ("record_number",)
    search_help_text = "Name in any order, record number, birth date or phone"
    ordering = ("family_name", "given_name", "pk")
    show_full_result_count = False
    fields = (
        "clinic",
        ("record_number", "version"),
        ("family_name", "given_name", "other_names"),
        ("birth_date", "sex", "language"),
        ("deceased", "deceased_at"),
        ("phone", "address"),
        ("source_id", "created_at"),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Patient], search_term: str
    ) -> tuple[QuerySet[Patient], bool]:
        """Search as the patient list does, by its index."""
        if not search_term:
            return queryset, False
        return queryset.search(search_term), False  # type: ignore[attr-defined]  # a PatientQuerySet


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = ("text", "kind", "role", "patient_number", "due_at", "closed_at", "closed_by")
    list_filter = ("kind", "role", ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("text", "patient__record_number")
    date_hierarchy = "due_at"
    list_select_related = ("patient", "closed_by")
    exclude = ("dedupe_key",)

    @admin.display(description="Record number", ordering="patient__record_number")
    def patient_number(self, task: Task) -> str:
        return task.patient.record_number if task.patient else ""


@admin.register(ScreenPolicy)
class ScreenPolicyAdmin(PolicyAdmin):
    list_display = ("clinic", "usual_months", "longest_months")


@admin.register(PatientPolicy)
class PatientPolicyAdmin(PolicyAdmin):
    list_display = ("clinic", "renew_days_before", "crisis_line")


@admin.register(ConsentTemplate)
class ConsentTemplateAdmin(ClinicScopedAdmin):
    """A draft is open, a published version is read-only, shipped ones are seen by all."""

    list_display = ("title", "key", "version", "kind", "status", "belongs_to", "published_at")
    list_filter = ("status", "kind")
    search_fields = ("key", "title")
    actions = ("new_draft", "publish", "retire")
    fields = (
        "clinic",
        ("key", "version", "status"),
        ("kind", "title"),
        "text",
        "statements",
        ("asks_drawing", "valid_months", "earlier_end_on"),
        ("published_at", "published_by"),
    )
    readonly_fields = ("version", "status", "published_at", "published_by")

    @admin.display(description="clinic", ordering="clinic")
    def belongs_to(self, template: ConsentTemplate) -> str:
        return str(template.clinic) if template.clinic else "ships with Taper"

    def own(self, rows: QuerySet[Any], clinic_ids: list[int]) -> QuerySet[Any]:
        if rows.model is not ConsentTemplate:
            return super().own(rows, clinic_ids)
        return rows.filter(Q(clinic=None) | Q(clinic_id__in=clinic_ids)).select_related("clinic")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "clinic":
            ids = self.clinic_ids(request, "add")
            kwargs |= {"queryset": Clinic.objects.filter(pk__in=ids), "required": True}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, *(("clinic", "key") if obj else ()))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        shipped = obj is not None and obj.clinic_id is None
        return super().has_view_permission(request, None if shipped else obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is None or obj.status == ConsentTemplate.Status.DRAFT
        return is_open and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_publish_permission(self, request: HttpRequest) -> bool:
        clinic = clinic_here(request)
        return clinic is not None and staff(request).may(consent_templates.PUBLISH, clinic.pk)

    def save_model(
        self, request: HttpRequest, obj: ConsentTemplate, form: Any, change: bool
    ) -> None:
        if not change:
            obj.version = consent_templates.next_version(obj.key, obj.clinic_id)
        super().save_model(request, obj, form, change)

    @admin.action(description="New draft version for this clinic", permissions=["publish"])
    def new_draft(self, request: HttpRequest, rows: QuerySet[ConsentTemplate]) -> None:
        clinic = clinic_here(request)
        clinic_id = clinic.pk if clinic else None
        for row in rows.order_by("pk"):
            draft = consent_templates.new_draft(row, by=staff(request), clinic_id=clinic_id)
            self.message_user(request, f"{draft} is a draft of {clinic}.", messages.SUCCESS)

    @admin.action(description="Publish", permissions=["publish"])
    def publish(self, request: HttpRequest, rows: QuerySet[ConsentTemplate]) -> None:
        for row in rows.order_by("pk"):
            try:
                consent_templates.publish(row.pk, by=staff(request))
            except ValidationError as refusal:
                text = f"{row} is not published. {' '.join(refusal.messages)}"
                self.message_user(request, text, messages.ERROR)
            else:
                self.message_user(request, f"{row} is offered to patients.", messages.SUCCESS)

    @admin.action(description="Retire", permissions=["publish"])
    def retire(self, request: HttpRequest, rows: QuerySet[ConsentTemplate]) -> None:
        for row in rows.order_by("pk"):
            consent_templates.retire(row.pk, by=staff(request))
            self.message_user(request, f"{row} is retired.", messages.SUCCESS)
