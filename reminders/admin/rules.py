"""A clinic's rules for messages, their words, and a look at the mail before it is sent."""

from typing import Any

from csp.constants import HEADER
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from clinic import audit, clock
from clinic.access import staff
from clinic.admin_base import ClinicScopedAdmin, OwnClinicMixin, PolicyAdmin, clinic_here
from clinic.audit import acting
from reminders import planning, previewing
from reminders.admin.texts import body_help, warn
from reminders.forms import PreviewForm, RuleForm, TextForm
from reminders.kinds import Kind
from reminders.models import MessagePolicy, MessageRule, MessageText
from reminders.services.rules import save_rule
from sessions.models import Protocol

AFTER = frozenset({Kind.MISSED, Kind.FOLLOW_UP})
SEE_PATIENT = "patients.view_patient"
# The mail's own frame: its inline styles and nothing else, no script, no request.
FRAME = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


class TextInline(OwnClinicMixin, admin.StackedInline):
    """The rule's own words; without any, those of its kind go."""

    model = MessageText
    form = TextForm
    extra = 0
    fields = ("language", "subject", "body", "is_active")
    can_delete = False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.base_fields["body"].help_text = body_help(obj.kind) if obj else ""
        return formset


@admin.register(MessageRule)
class MessageRuleAdmin(ClinicScopedAdmin):
    form = RuleForm
    list_display = ("name", "kind", "when", "protocol", "is_active")
    list_filter = ("kind", "is_active")
    change_form_template = "admin/reminders/messagerule/change_form.html"
    fields = (
        "clinic",
        "name",
        ("kind", "protocol_key"),
        "is_active",
        "how",
        "hours",
        ("days", "at"),
        "useful_hours",
        "seen",
    )

    @admin.display(description="when")
    def when(self, rule: MessageRule) -> str:
        side = "after" if rule.kind in AFTER else "before"
        if rule.kind == Kind.LATE_BOOKING:
            return f"booked less than {rule.hours} h before"
        if rule.hours is not None:
            return f"{rule.hours} h {side}"
        days = f"{rule.days} day{pluralize(rule.days)} {side}" if rule.days else "on the day"
        return f"{days}, at {rule.at:%H:%M}"

    @admin.display(description="protocol", ordering="protocol_key")
    def protocol(self, rule: MessageRule) -> str:
        return rule.protocol_key or "all"

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return [TextInline] if obj is not None else []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("clinic", "kind") if obj is not None else ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        here = clinic_here(request)
        own = Protocol.objects.filter(status=Protocol.Status.PUBLISHED)
        own = own.filter(clinic=None) | own.filter(clinic=here)
        titles = dict(own.order_by("version").values_list("key", "title"))
        return type("RuleForm", (form,), {"protocols": tuple(sorted(titles.items()))})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        missing = [
            pk
            for pk in self.clinic_ids(request)
            if not MessageRule.objects.filter(clinic=pk).exists()
        ]
        if missing:
            with acting(staff(request)):
                planning.rules_of(missing)
        return super().changelist_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        save_rule(obj, by=staff(request))
        text = "It counts from the next sweep on, for what is not sent yet. Look at the preview."
        self.message_user(request, text, messages.INFO)

    def save_formset(
        self, request: HttpRequest, form: ModelForm, formset: Any, change: bool
    ) -> None:
        rule = form.instance
        for text in formset.save(commit=False):
            text.rule, text.kind, text.clinic = rule, rule.kind, rule.clinic
            text.save()
        formset.save_m2m()
        for each in formset.forms:
            warn(self, request, each, "subject", "body")

    def get_urls(self) -> list[URLPattern]:
        look = self.admin_site.admin_view(self.preview_view)
        frame = self.admin_site.admin_view(self.frame_view)
        return [
            path("<int:pk>/preview/", look, name="reminders_messagerule_preview"),
            path("<int:pk>/preview/mail/", frame, name="reminders_messagerule_mail"),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        rule, form, found = self._previewed(request, pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Preview: {rule}",
            "rule": rule,
            "form": form,
            "preview": found,
            "query": request.GET.urlencode(),
        }
        return TemplateResponse(request, "admin/reminders/messagerule/preview.html", context)

    def frame_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        _, _, found = self._previewed(request, pk)
        response = HttpResponse(found.html if found else "")
        response["X-Frame-Options"], response[HEADER] = "SAMEORIGIN", FRAME
        return response

    def _previewed(
        self, request: HttpRequest, pk: int
    ) -> tuple[MessageRule, PreviewForm, previewing.Preview | None]:
        rows = self.get_queryset(request).select_related("clinic")
        rule = get_object_or_404(rows, pk=pk)
        user = staff(request)
        if not user.may(SEE_PATIENT, rule.clinic_id):
            raise PermissionDenied(SEE_PATIENT)
        now = clock.now()
        form = PreviewForm(request.GET or None, visits=previewing.visits_for(rule, now))
        if not form.is_valid():
            return rule, form, None
        visit = form.cleaned_data["visit"]
        audit.read(user, "admin.message_preview", visit)
        language = form.cleaned_data["language"]
        return rule, form, previewing.preview(rule, visit, language, now)


@admin.register(MessagePolicy)
class MessagePolicyAdmin(PolicyAdmin):
    list_display = ("clinic", "quiet_from", "quiet_to", "calendar_title", "on_call_address")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        warn(self, request, form, "calendar_title")
