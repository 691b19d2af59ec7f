"""Dry run: what a protocol version's monitoring settings would have changed in past sessions."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from clinic import audit
from clinic.access import staff
from clinic.admin_base import clinic_here
from clinic.audit import acting
from clinic.models import AuditEvent, Clinic
from clinic.times import day_bounds
from sessions import ports, protocols
from sessions.forms.dry_run import DryRunForm
from sessions.lifecycle import TOOK_PLACE
from sessions.models import Protocol, TreatmentSession
from sessions.trials import Compared, summary

PAGE = "treatment_sessions_protocol_dry_run"
EVENT = "protocol.dry_run"
READ = "treatment_sessions.view_treatmentsession"
NO_TEMPLATE = "This version has no monitoring template yet: add one on its page first."


def tried_settings(protocol: Protocol) -> str:
    """Return what tells the monitoring settings of a version from those before a change."""
    monitoring = protocols.spec_of(protocol).monitoring
    return hashlib.sha256(json.dumps(monitoring, sort_keys=True).encode()).hexdigest()


def last_made(protocol: Protocol) -> AuditEvent | None:
    """Return the last dry run of these very settings."""
    made = AuditEvent.objects.filter(
        table_name=Protocol._meta.db_table,
        row_id=str(protocol.pk),
        event=EVENT,
        detail__settings=tried_settings(protocol),
    )
    return made.first()


def past_sessions(
    clinic: Clinic, route: str, last: int, since: date | None, until: date | None
) -> tuple[list[TreatmentSession], bool]:
    """Return the latest ended sessions with a dose, and whether there are more of them."""
    rows = TreatmentSession.objects.filter(
        clinic=clinic, status__in=TOOK_PLACE, course__protocol__route=route
    )
    if since:
        rows = rows.filter(starts_at__gte=day_bounds(clinic, since, since)[0])
    if until:
        rows = rows.filter(starts_at__lt=day_bounds(clinic, until, until)[1])
    rows = rows.select_related("patient", "course__protocol__monitoring")
    found = list(rows.order_by("-starts_at", "-pk")[: last + 1])
    return found[:last], len(found) > last


class DryRunMixin(ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.dry_run_view)
        return [path("<int:pk>/dry-run/", view, name=PAGE), *super().get_urls()]

    def dry_run_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        clinic = clinic_here(request)
        may_read = clinic is not None and staff(request).may(READ, clinic.pk)
        if not may_read or not self.has_view_permission(request):
            raise PermissionDenied
        protocol = get_object_or_404(self.get_queryset(request), pk=pk)
        form = DryRunForm(request.GET or None)
        made = self._made(request, protocol, form) if form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "title": f"Dry run of {protocol}",
            "opts": self.opts,
            "protocol": protocol,
            "clinic": clinic,
            "form": form,
            "made": made,
            "back": reverse("admin:treatment_sessions_protocol_change", args=[pk]),
        }
        return TemplateResponse(request, "admin/treatment_sessions/protocol/dry_run.html", context)

    def _made(
        self, request: HttpRequest, protocol: Protocol, form: DryRunForm
    ) -> dict[str, Any] | None:
        clinic = clinic_here(request)
        whole = protocols.whole().get(pk=protocol.pk)
        if clinic is None or not hasattr(whole, "monitoring"):
            form.add_error(None, NO_TEMPLATE)
            return None
        last = form.cleaned_data["last"]
        rows, are_more = past_sessions(clinic, whole.route, last, *form.days)
        try:
            compared = ports.dry_run(whole.monitoring, rows)
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return None
        with acting(staff(request)):
            keys = [row.pk for row in rows]
            settings = tried_settings(whole)
            audit.record(EVENT, subject=whole, settings=settings, sessions=keys)
        return _shown(compared, are_more)


def _shown(compared: Sequence[Compared], are_more: bool) -> dict[str, Any]:
    return {
        "summary": summary(compared),
        "differing": [row for row in compared if row.differs],
        "same": [row for row in compared if not row.differs],
        "are_more": are_more,
    }
