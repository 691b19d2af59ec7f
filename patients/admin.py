"""Patients and their open work in the admin: to look at; changes go through the services."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from clinic.admin_base import ReadOnlyAdmin
from patients.models import Patient, Task


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
