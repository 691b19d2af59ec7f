"""Courses and sessions to look at; they change through their services only."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from clinic.access import staff
from clinic.admin_base import OwnRowsFilter, ReadOnlyAdmin
from clinic.forms import ClinicalForm, errors_on
from patients.forms.fields import ReasonField
from sessions.admin.cancel_day import CancelDayMixin
from sessions.forms.fields import NoticeField
from sessions.models import Protocol, TreatmentCourse, TreatmentSession
from sessions.notices import expects_notice
from sessions.services import cancelling

CONFIRM = "admin/treatment_sessions/treatmentsession/cancel.html"


class CancelForm(ClinicalForm):
    reason = ReasonField(max_length=240, label="Why")
    notify = NoticeField()


class WithProtocolFilter(ReadOnlyAdmin):
    """Protocols belong to a clinic or ship with Taper."""

    def own(self, rows: QuerySet[Any], clinic_ids: list[int]) -> QuerySet[Any]:
        if rows.model is Protocol:
            return rows.filter(courses__clinic_id__in=clinic_ids).distinct()
        return super().own(rows, clinic_ids)


@admin.register(TreatmentCourse)
class TreatmentCourseAdmin(WithProtocolFilter):
    list_display = ["record_number", "protocol", "starts_on", "status", "clinic"]
    list_filter = ["status", ("protocol", OwnRowsFilter)]
    list_select_related = ["patient", "protocol", "clinic"]
    search_fields = ["patient__record_number"]
    search_help_text = "By record number; names stay out of addresses."
    date_hierarchy = "starts_on"

    @admin.display(description="record number", ordering="patient__record_number")
    def record_number(self, course: TreatmentCourse) -> str:
        return course.patient.record_number


@admin.register(TreatmentSession)
class TreatmentSessionAdmin(CancelDayMixin, WithProtocolFilter):
    list_display = ["record_number", "starts_at", "number", "phase", "chair", "status", "clinic"]
    list_filter = ["status", ("course__protocol", OwnRowsFilter)]
    list_select_related = ["patient", "phase", "chair__room", "clinic"]
    search_fields = ["patient__record_number"]
    search_help_text = "By record number; names stay out of addresses."
    date_hierarchy = "starts_at"
    actions = ["cancel"]

    @admin.display(description="record number", ordering="patient__record_number")
    def record_number(self, treatment_session: TreatmentSession) -> str:
        return treatment_session.patient.record_number

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return bool(self.cancels_at(request))

    @admin.action(description="Cancel with a reason", permissions=["cancel"])
    def cancel(self, request: HttpRequest, rows: QuerySet[TreatmentSession]) -> HttpResponse | None:
        """Ask for the reason on a page of its own, then cancel all or none."""
        sessions = list(rows.select_related("patient", "clinic", "phase"))
        confirmed = "confirm" in request.POST
        initial = {"notify": expects_notice(sessions)}
        form = CancelForm(request.POST if confirmed else None, initial=initial)
        if form.is_valid():
            keys = [row.pk for row in sessions]
            with errors_on(form):
                count = cancelling.cancel_sessions(
                    keys,
                    reason=form.cleaned_data["reason"],
                    notify=form.cleaned_data["notify"],
                    by=staff(request),
                    entry=form.submission("cancel_sessions", ",".join(map(str, sorted(keys)))[:60]),
                )
                self.message_user(request, f"{count} sessions are cancelled.", messages.SUCCESS)
            if not form.errors:
                return None
        return self._page(request, form, title="Cancel sessions", sessions=sessions)

    def _page(self, request: HttpRequest, form: forms.Form, **context: Any) -> HttpResponse:
        context |= {**self.admin_site.each_context(request), "opts": self.opts, "form": form}
        return TemplateResponse(request, CONFIRM, context)
