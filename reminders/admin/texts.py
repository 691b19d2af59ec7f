"""A clinic's own words for messages."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse

from clinic.admin_base import ClinicScopedAdmin, OwnRowsFilter
from reminders import telltale, words
from reminders.forms import TextForm
from reminders.kinds import Kind
from reminders.models import MessageText
from reminders.models.text import LANGUAGES


def body_help(kind: str = "") -> str:
    """Say how a text is written and which names it may use."""
    names = words.names_for([Kind(kind)] if kind else Kind)
    listed = "; ".join(f"{name} {what}" for name, what in names)
    return (
        "Plain words; a blank line makes a paragraph, lines that begin with “- ” a list. Greeting, "
        "buttons and the clinic's address are added. Leave out drug and speciality. Names that are "
        f"filled in: {listed}. A line with a name that has no value for this visit is left out."
    )


def warn(
    model_admin: ClinicScopedAdmin, request: HttpRequest, form: ModelForm, *fields: str
) -> None:
    """Say what the changed texts give away of the treatment; they are saved all the same."""
    texts = [getattr(form.instance, name) for name in fields if name in form.changed_data]
    if warning := telltale.warning(*texts):
        model_admin.message_user(request, warning, messages.WARNING)


def starts() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each kind with its languages, and the query that begins with the shipped words."""
    return [
        (
            kind.label,
            [(name, urlencode({"kind": kind, "language": code})) for code, name in LANGUAGES],
        )
        for kind in Kind
    ]


@admin.register(MessageText)
class MessageTextAdmin(ClinicScopedAdmin):
    form = TextForm
    list_display = ("kind", "rule", "language", "subject", "is_active")
    list_filter = ("kind", "language", "is_active", ("rule", OwnRowsFilter))
    list_select_related = ("rule",)
    fields = ("clinic", "kind", "rule", "language", "subject", "body", "is_active")
    change_list_template = "admin/reminders/messagetext/change_list.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "starts": starts()})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with the shipped words of the kind and language that the address names."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        kind, language = initial.get("kind", ""), initial.get("language", "")
        text = words.shipped()[language].kinds.get(kind) if language in words.shipped() else None
        if text is not None:
            initial |= {"subject": text["subject"], "body": "\n\n".join(text["body"])}
        return initial

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if "body" in form.base_fields:
            kind = obj.kind if obj else request.GET.get("kind", "")
            form.base_fields["body"].help_text = body_help(kind if kind in Kind else "")
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("clinic", "kind", "rule", "language") if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        warn(self, request, form, "subject", "body")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
