"""Protocols as administrators edit them: a draft is open, a published version is read-only."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from clinic.access import staff
from clinic.admin_base import ClinicScopedAdmin, OwnClinicMixin, OwnRowsFilter, clinic_here
from clinic.models import Clinic
from sessions import protocols
from sessions.admin.dry_run import DryRunMixin, last_made
from sessions.admin.sources import FIELD, TemplateForm, WhereFrom
from sessions.dosing import DosingError
from sessions.forms.simulation import SimulationForm
from sessions.models import DoseOption, MonitoringCheck, MonitoringTemplate, Protocol, ProtocolPhase
from sessions.planning import PlanningError
from sessions.services import publishing
from sessions.simulation import simulate

YES_OR_NO = ["escort_required", "predose_needs_weight"]
THRESHOLDS = [name for name in protocols.THRESHOLDS if name not in YES_OR_NO]


class PartMixin(OwnClinicMixin):
    """A part follows its protocol: shipped ones are seen by all, drafts of the clinic are open."""

    protocol_lookup = ""

    def own(self, rows: QuerySet[Any], clinic_ids: list[int]) -> QuerySet[Any]:
        if rows.model is not self.model:
            return super().own(rows, clinic_ids)
        name = f"{self.protocol_lookup}__" if self.protocol_lookup else ""
        theirs = {f"{name}clinic_id__in": clinic_ids}
        return rows.filter(Q(**{f"{name}clinic_id": None}) | Q(**theirs))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and protocol_of(obj).clinic_id is None:
            return super().has_view_permission(request)
        return super().has_view_permission(request, obj)

    def may_at(self, obj: Any, clinic_ids: list[int]) -> bool:
        return protocol_of(obj).clinic_id in clinic_ids

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj) and super().has_delete_permission(request, obj)


def protocol_of(row: Any) -> Protocol:
    """Return the protocol that a part belongs to, or the protocol itself."""
    while not isinstance(row, Protocol):
        row = next(
            getattr(row, name) for name in ("protocol", "phase", "template") if hasattr(row, name)
        )
    return row


def _is_open(row: Any) -> bool:
    return row is None or protocol_of(row).status == Protocol.Status.DRAFT


class PhaseInline(PartMixin, admin.StackedInline):
    model = ProtocolPhase
    protocol_lookup = "protocol"
    extra = 0
    show_change_link = True
    fields = [
        ("order", "name"),
        ("per_week", "every_weeks", "rhythm_choices"),
        ("nominal_days", "count"),
        ("min_gap_days", "max_gap_days"),
        ("missed_rule", "requires_decision"),
    ]


class MonitoringInline(PartMixin, admin.StackedInline):
    model = MonitoringTemplate
    protocol_lookup = "protocol"
    can_delete = False
    show_change_link = True
    fields = [*YES_OR_NO, *THRESHOLDS]


class DoseInline(PartMixin, admin.TabularInline):
    model = DoseOption
    protocol_lookup = "phase__protocol"
    extra = 0
    fields = tuple(protocols.DOSE_FIELDS)


class CheckInline(PartMixin, admin.TabularInline):
    model = MonitoringCheck
    protocol_lookup = "template__protocol"
    extra = 0
    fields = ["label", "anchor", "minute", "every_minutes", "source"]


class PartAdmin(WhereFrom, PartMixin, ClinicScopedAdmin):
    """The own page of a part that has parts itself; reached from its protocol."""

    protocol_lookup = "protocol"
    exclude = ["sources"]
    readonly_fields = ["protocol", "where_from"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        answer = super().response_change(request, obj)
        if "_continue" in request.POST:
            return answer
        return redirect("admin:treatment_sessions_protocol_change", obj.protocol_id)


@admin.register(ProtocolPhase)
class ProtocolPhaseAdmin(PartAdmin):
    inlines = [DoseInline]


@admin.register(MonitoringTemplate)
class MonitoringTemplateAdmin(PartAdmin):
    form = TemplateForm
    inlines = [CheckInline]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        names = [*YES_OR_NO, *THRESHOLDS]
        if self.has_change_permission(request, obj):
            return ["protocol", *((name, FIELD[name]) for name in names)]
        return ["protocol", *names, "where_from"]


@admin.register(Protocol)
class ProtocolAdmin(WhereFrom, DryRunMixin, PartMixin, ClinicScopedAdmin):
    list_display = ["title", "key", "version", "status", "belongs_to", "published_at"]
    list_filter = ["status", "route", ("clinic", OwnRowsFilter)]
    search_fields = ["key", "title"]
    readonly_fields = ["version", "status", "where_from", "published_at", "published_by"]
    inlines = [PhaseInline, MonitoringInline]
    actions = ["new_draft", "publish", "retire"]
    fields = [
        "clinic",
        ("key", "version", "status"),
        "title",
        "short_title",
        "indication",
        "jurisdiction",
        ("route", "drug", "visit_minutes"),
        ("min_age", "max_age"),
        "source",
        "where_from",
        ("published_at", "published_by"),
    ]

    @admin.display(description="clinic", ordering="clinic")
    def belongs_to(self, protocol: Protocol) -> str:
        return str(protocol.clinic) if protocol.clinic else "ships with Taper"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Protocol]:
        return super().get_queryset(request).select_related("clinic")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*self.readonly_fields, *(["clinic", "key"] if obj else [])]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "clinic":
            ids = self.clinic_ids(request, "add")
            kwargs |= {"queryset": Clinic.objects.filter(pk__in=ids), "required": True}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_publish_permission(self, request: HttpRequest) -> bool:
        clinic = clinic_here(request)
        return clinic is not None and staff(request).may(publishing.PUBLISH, clinic.pk)

    def save_model(self, request: HttpRequest, obj: Protocol, form: Any, change: bool) -> None:
        if not change:
            obj.version = publishing.next_version(obj.key, obj.clinic_id)
        super().save_model(request, obj, form, change)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.simulate_view)
        name = "treatment_sessions_protocol_simulate"
        return [path("<int:pk>/simulate/", view, name=name), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Name the clinic that a new draft is for."""
        actions = super().get_actions(request)
        if "new_draft" in actions:
            act, name, words = actions["new_draft"]
            clinic = str(clinic_here(request)).replace("%", "%%")  # the admin formats the words
            actions["new_draft"] = (act, name, f"{words} for {clinic}")
        return actions

    @admin.action(description="New draft version", permissions=["publish"])
    def new_draft(self, request: HttpRequest, rows: QuerySet[Protocol]) -> HttpResponse | None:
        clinic = clinic_here(request)
        clinic_id = clinic.pk if clinic else None
        drafts = [
            publishing.new_draft(row, by=staff(request), clinic_id=clinic_id)
            for row in rows.order_by("pk")
        ]
        count = "1 draft is" if len(drafts) == 1 else f"{len(drafts)} drafts are"
        self.message_user(request, f"{count} ready to edit, for {clinic} only.", messages.SUCCESS)
        if len(drafts) != 1:
            return None
        return redirect("admin:treatment_sessions_protocol_change", drafts[0].pk)

    @admin.action(description="Publish", permissions=["publish"])
    def publish(self, request: HttpRequest, rows: QuerySet[Protocol]) -> HttpResponse | None:
        refused = [row for row in rows.order_by("pk") if not self._publish(request, row)]
        if len(refused) != 1:
            return None
        return redirect("admin:treatment_sessions_protocol_change", refused[0].pk)

    def _publish(self, request: HttpRequest, protocol: Protocol) -> bool:
        try:
            accepted = request.POST.get("_accepted", "")
            publishing.publish(protocol.pk, by=staff(request), accepted=accepted)
        except ValidationError as refusal:
            text = f"{protocol} is not published. {' '.join(refusal.messages)}"
            self.message_user(request, text, messages.ERROR)
            return False
        self.message_user(request, f"{protocol} is offered to new courses.", messages.SUCCESS)
        return True

    def response_change(self, request: HttpRequest, obj: Protocol) -> HttpResponse:
        if "_publish" not in request.POST:
            return super().response_change(request, obj)
        if not self.has_publish_permission(request):
            raise PermissionDenied
        self._publish(request, obj)
        return redirect("admin:treatment_sessions_protocol_change", obj.pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show on a draft's page what stands against publishing it, and what must be confirmed."""
        draft, form = kwargs.get("obj"), context["adminform"].form
        if draft is not None and "visit_minutes" in form.fields:
            context["may_publish"] = self.has_publish_permission(request)
            context["differences"] = publishing.differences(draft.pk)
            whole = protocols.whole().get(pk=draft.pk)
            if hasattr(whole, "monitoring"):
                context["dry_run"] = {"made": last_made(whole)}
            short = publishing.visit_too_short(draft.pk)
            if short:
                form.errors.setdefault("visit_minutes", form.error_class()).append(short)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(description="Retire", permissions=["publish"])
    def retire(self, request: HttpRequest, rows: QuerySet[Protocol]) -> None:
        for row in rows.order_by("pk"):
            publishing.retire(row.pk, by=staff(request))
            self.message_user(request, f"{row} is retired.", messages.SUCCESS)

    def simulate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        protocol = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_permission(request, protocol):
            raise PermissionDenied
        form = SimulationForm(request.GET or None)
        made = None
        if form.is_valid():
            try:
                spec = protocols.spec_of(protocols.whole().get(pk=pk))
                made = simulate(spec, form.course, form.calendar, version=protocol.version)
            except (PlanningError, DosingError) as error:
                form.add_error(None, ValidationError(error.message, code=error.code))
            except Protocol.monitoring.RelatedObjectDoesNotExist:
                form.add_error(None, "The protocol has no monitoring template yet.")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Simulate {protocol}",
            "opts": self.opts,
            "protocol": protocol,
            "form": form,
            "made": made,
            "back": reverse("admin:treatment_sessions_protocol_change", args=[pk]),
        }
        return TemplateResponse(request, "admin/treatment_sessions/protocol/simulate.html", context)
