"""Closures, with the sessions that are booked on their days: nobody is left to find a shut door."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from clinic import clock
from clinic.access import staff
from clinic.admin_base import ClinicScopedAdmin
from clinic.models import Closure
from sessions.services import cancelling, closures

BOOKED = "admin/clinic/closure/booked.html"


@admin.register(Closure)
class ClosureAdmin(ClinicScopedAdmin):
    list_display = ("reason", "clinic", "starts_on", "ends_on", "affected")
    search_fields = ("reason",)
    date_hierarchy = "starts_on"
    list_select_related = ("clinic",)

    def save_model(self, request: HttpRequest, obj: Closure, form: Any, change: bool) -> None:
        count = len(closures.save(obj, by=staff(request)))
        if count:
            text = "1 session is" if count == 1 else f"{count} sessions are"
            self.message_user(
                request,
                f"{text} booked on these days already. The front desk has a task for each.",
                messages.WARNING,
            )

    def delete_model(self, request: HttpRequest, obj: Closure) -> None:
        closures.remove(obj, by=staff(request))

    def response_add(self, request: HttpRequest, obj: Closure, *args: Any) -> HttpResponse:
        return self._booked(obj) or super().response_add(request, obj, *args)

    def response_change(self, request: HttpRequest, obj: Closure) -> HttpResponse:
        return self._booked(obj) or super().response_change(request, obj)

    def _booked(self, closure: Closure) -> HttpResponse | None:
        """Lead to the sessions on its days, if there are any."""
        if not closures.booked_on(closure, clock.now()).exists():
            return None
        return redirect("admin:clinic_closure_booked", closure.pk)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.booked_view)
        return [path("<int:pk>/booked/", view, name="clinic_closure_booked"), *super().get_urls()]

    def booked_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        closure = get_object_or_404(self.get_queryset(request).select_related("clinic"), pk=pk)
        if not self.has_view_permission(request, closure):
            raise PermissionDenied
        sessions = list(closures.booked_on(closure, clock.now()))
        zone = closure.clinic.zone
        context = {
            **self.admin_site.each_context(request),
            "title": f"Booked while closed: {closure.reason}",
            "opts": self.opts,
            "closure": closure,
            "sessions": sessions,
            "days": sorted({row.starts_at.astimezone(zone).date() for row in sessions}),
            "may_cancel": staff(request).may(cancelling.CANCEL, closure.clinic_id),
        }
        return TemplateResponse(request, BOOKED, context)

    @admin.display(description="Days from now")
    def affected(self, closure: Closure) -> str:
        today = timezone.localdate(timezone=closure.clinic.zone)
        if closure.ends_on < today:
            return "over"
        days = (closure.starts_on - today).days
        return "now" if days <= 0 else f"in {days}"
