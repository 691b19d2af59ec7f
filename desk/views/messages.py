"""The ledger of messages, and what people do with one of them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from clinic import clock
from clinic.access import allow, staff
from clinic.forms import ClinicalForm, errors_on
from clinic.htmx import redirect_page
from desk import ledger as ledgers
from desk.forms import MessageForm, WhyForm, settle_form
from desk.views.here import clinic_here
from patients.views.pages import Page, open_row, show
from reminders.models import Message
from reminders.services import ledger, repeating, settling

GET_POST = require_http_methods(["GET", "POST"])
TEMPLATE = "desk/message.html"
AGAIN = Page("Try a message again", "Try again", "The next sweep sends it.", TEMPLATE)
RESEND = Page("Send a message once more", "Send once more", "The next sweep sends it.", TEMPLATE)
SETTLE = Page("Settle a message", "Settle it", "The message is settled.", TEMPLATE)
RELEASE = Page("Release a message", "Let it go", "The next sweep sends it.", TEMPLATE)
REVOKE = Page("End the links of a mail", "End its links", "Its links work no more.", TEMPLATE)
CHART = "chart"


@require_GET
def ledger_page(request: HttpRequest) -> HttpResponse:
    clinic, user, now = clinic_here(request), staff(request), clock.now()
    allow(user, ledger.VIEW, clinic)
    shown = ledgers.load(clinic, user, now, request.GET)
    return render(request, "desk/messages.html", {"ledger": shown, "now": now})


@GET_POST
def again(request: HttpRequest, public_id: UUID) -> HttpResponse:
    form = MessageForm(request.POST or None)
    return _act(request, public_id, ledger.RETRY, form, repeating.try_again, AGAIN)


@GET_POST
def resend(request: HttpRequest, public_id: UUID) -> HttpResponse:
    form = WhyForm(request.POST or None)
    return _act(request, public_id, ledger.RESEND, form, repeating.resend, RESEND)


@GET_POST
def dismiss(request: HttpRequest, public_id: UUID) -> HttpResponse:
    kinds = Message.objects.filter(public_id=public_id).values_list("kind", flat=True)
    form = settle_form(kinds.first() or "")(request.POST or None)
    return _act(request, public_id, ledger.DISMISS, form, settling.dismiss, SETTLE)


@GET_POST
def release(request: HttpRequest, public_id: UUID) -> HttpResponse:
    form = WhyForm(request.POST or None)
    return _act(request, public_id, ledger.RELEASE, form, ledger.release, RELEASE)


@GET_POST
def revoke(request: HttpRequest, public_id: UUID) -> HttpResponse:
    form = WhyForm(request.POST or None)
    return _act(request, public_id, ledger.REVOKE, form, ledger.revoke_links, REVOKE)


def _act(
    request: HttpRequest,
    public_id: UUID,
    permission: str,
    form: ClinicalForm,
    service: Callable[..., Message],
    page: Page,
) -> HttpResponse:
    """Show one message with a form, and do with it what the page is for."""
    rows = Message.objects.select_related("rule", "treatment_session")
    message = open_row(request, rows, permission, public_id, "message")
    back = _back(request, message)
    if form.is_for(request, message.patient_id):
        with errors_on(form):
            entry = form.submission(f"message_{service.__name__}", public_id)
            service(message.pk, by=staff(request), entry=entry, **form.values)
        if not form.errors:
            messages.success(request, page.saved)
            return redirect_page(request, back)
    from_chart = request.GET.get("back") == CHART
    context = {"message": message, "back": back, "from_chart": from_chart}
    return show(request, form, message.patient, page, **context)


def _back(request: HttpRequest, message: Message) -> str:
    """Return the page that led here: the chart, or the list as it was narrowed."""
    came_from = request.GET.get("back", "")[:200]
    if came_from == CHART:
        return reverse("desk:chart", args=[message.patient.public_id]) + "#messages-of"
    query = ledgers.Chosen.read(QueryDict(came_from)).query
    return f"{reverse('desk:messages')}?{query}" if query else reverse("desk:messages")


@GET_POST
def release_all(request: HttpRequest) -> HttpResponse:
    clinic, user, form = clinic_here(request), staff(request), WhyForm(request.POST or None)
    allow(user, ledger.RELEASE, clinic)
    if form.is_valid():
        with errors_on(form):
            entry = form.submission("message_release_all", clinic.public_id)
            number = ledger.release_all(clinic, by=user, entry=entry, **form.values)
            messages.success(request, f"Released: {number}. The next sweep sends them.")
        if not form.errors:
            return redirect_page(request, reverse("desk:messages"))
    waiting = Message.objects.filter(clinic=clinic, state=Message.State.HELD).count()
    context: dict[str, Any] = {"form": form, "waiting": waiting, "now": clock.now()}
    return render(request, "desk/release_messages.html", context, status=form.status_code)
