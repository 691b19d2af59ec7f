"""The ledger of messages in the admin: to look at, and to have a failed one tried again."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from clinic.access import staff
from clinic.admin_base import ReadOnlyAdmin
from reminders.models import Message
from reminders.services import ledger, repeating


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = (
        *("record_number", "kind", "state", "reason", "not_before", "expires_at"),
        *("sent_at", "attempts", "maybe_twice", "clinic"),
    )
    list_filter = ("state", "kind", "maybe_twice")
    search_fields = ("=patient__record_number",)
    list_select_related = ("patient", "clinic")
    show_full_result_count = False
    date_hierarchy = "not_before"
    actions = ("try_again",)

    @admin.display(description="Record", ordering="patient__record_number")
    def record_number(self, message: Message) -> str:
        return message.patient.record_number

    @admin.action(description="Try the failed ones again", permissions=["retry"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[Message]) -> None:
        again = 0
        for message in chosen:
            try:
                repeating.try_again(message.pk, by=staff(request))
                again += 1
            except ValidationError as refusal:
                text = f"{message.patient.record_number}: {' '.join(refusal.messages)}"
                self.message_user(request, text, messages.WARNING)
            except PermissionDenied:
                self.message_user(request, "You may not do this here.", messages.ERROR)
        if again:
            self.message_user(request, f"{again} planned again; the next sweep sends them.")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        user = staff(request)
        return any(user.may(ledger.RETRY, pk) for pk in self.clinic_ids(request))
