"""What pages of taps share: save what was tapped and come back to the same page."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clinic import audit
from clinic.access import staff
from clinic.forms import ClinicalForm, errors_on
from clinic.htmx import redirect_page
from sessions.actions import WITH_BANNER, session_banner
from sessions.models import TreatmentSession


def tapped(
    request: HttpRequest, form: ClinicalForm, save: Callable[[], object], to: str, *args: Any
) -> HttpResponse:
    """Save a tap; what was refused is said on the page. A second tap of the same key is done."""
    if form.is_valid():
        with errors_on(form):
            save()
    for errors in form.errors.values():
        messages.error(request, " ".join(map(str, errors)))
    return redirect_page(request, to, *args)


def show(
    request: HttpRequest,
    treatment_session: TreatmentSession,
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Show a page of its own; the session comes with what its banner says."""
    audit.read(staff(request), "session", treatment_session)
    banner = session_banner(request, treatment_session)
    context = {"treatment_session": treatment_session, "banner": banner, **context}
    return render(request, template, context)


def whole_rows() -> Any:
    """Return sessions with what the banner of their page says."""
    return TreatmentSession.objects.select_related(*WITH_BANNER)
