from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from clinic.access import allow, staff
from desk import patients as lists
from desk.views.here import clinic_here

VIEW = "patients.view_patient"


@require_GET
def patients(request: HttpRequest) -> HttpResponse:
    return _render(request, request.GET, text="")


@require_http_methods(["GET", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Find by what was typed; it comes in the body, so that no name is in an address or a log."""
    if request.method == "GET":
        return redirect("desk:patients")
    text = request.POST.get("q", "")
    if request.headers.get("HX-Target") == "found":
        return _found(request, text)
    return _render(request, request.POST, text=text)


def _found(request: HttpRequest, text: str) -> HttpResponse:
    """Answer the search box of the header while somebody types."""
    clinic, user = clinic_here(request), staff(request)
    allow(user, VIEW, clinic)
    page = lists.page(clinic, user, text=text, most=lists.AT_ONCE)
    return render(request, "desk/_found.html", {"page": page})


def _render(request: HttpRequest, asked: QueryDict, *, text: str) -> HttpResponse:
    clinic, user = clinic_here(request), staff(request)
    allow(user, VIEW, clinic)
    page = lists.page(
        clinic,
        user,
        text=text,
        show=asked.get("show", ""),
        after=_public_id(asked.get("after", "")),
    )
    template = "desk/_patients.html" if getattr(request, "htmx", False) else "desk/patients.html"
    return render(request, template, {"page": page, "now": page.now, "shown": lists.SHOWN.items()})


def _public_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
