"""How every page for patients is answered: its clinic on top, headers that keep it private."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation

from clinic.models import Clinic
from portal import gate
from portal.visitor import Visitor
from reminders import links
from reminders.links import OFFERED, Purpose
from reminders.words import code_of


def show(
    request: HttpRequest, template: str, visitor: Visitor, *, status: int = 200, **values: Any
) -> HttpResponse:
    context = {
        "visitor": visitor,
        "clinic": visitor.clinic,
        "crisis_line": visitor.crisis_line,
        "language": visitor.language,
        **values,
    }
    return private(render(request, f"portal/{template}.html", context, status=status))


def again(request: HttpRequest, query: str = "") -> HttpResponse:
    """Lead back to the page by GET, so that a reload posts nothing."""
    return private(HttpResponseRedirect(f"{request.path}{query}"))


def neutral(request: HttpRequest) -> HttpResponse:
    """Answer whatever doesn't work, and never did, with one page; guessing is slowed down.

    Nothing on it follows from the link; the phone stands there where only one clinic can be meant.
    """
    too_many = gate.is_guessing(request)
    clinics = list(Clinic.objects.all()[:2])
    with translation.override(code_of(translation.get_language_from_request(request))):
        context = {
            "clinic": clinics[0] if len(clinics) == 1 else None,
            "language": translation.get_language(),
            "too_many": too_many,
        }
        status = 429 if too_many else 404
        return private(render(request, "portal/neutral.html", context, status=status))


def private(response: HttpResponse) -> HttpResponse:
    """Keep the address of the page to itself: other sites learn nothing, this one only its name.

    Not `no-referrer`: browsers then hide the origin of forms, which the check against forged posts
    needs.
    """
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def link_of(visitor: Visitor, purpose: Purpose) -> str:
    """Return the address of another page of the same message; nothing where there is none."""
    if purpose not in OFFERED[visitor.message.kind]:
        return ""
    return f"{links.PATH}{links.token(visitor.message, purpose)}/"


def minutes_before(visitor: Visitor, minutes: int) -> Any:
    return visitor.local(visitor.session.starts_at - timedelta(minutes=minutes))
