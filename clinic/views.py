"""Pages about the installation itself, and the choice of clinic."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.template import loader
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic import heartbeat, tablet
from clinic.access import staff

_migrated = False  # once true it stays true for the life of this process


@login_not_required
@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_GET
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether all is well: the database answers, is migrated, and sweeps finish."""
    wrong = _what_is_wrong()
    said = f"not ready: {wrong}\n" if wrong else "ok\n"
    return HttpResponse(said, content_type="text/plain", status=503 if wrong else 200)


def _what_is_wrong() -> str:
    try:
        if not _is_migrated():
            return "migrations"
        silent = heartbeat.overdue(heartbeat.SWEEP)
    except DatabaseError:
        return "database"
    return f"no sweep for {silent.total_seconds():.0f} s" if silent else ""


def _is_migrated() -> bool:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer without reading the body: what made it bad would be raised again."""
    return HttpResponseBadRequest(loader.get_template("400.html").render())


@require_POST
def choose_clinic(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("clinic", "")
    if chosen not in {str(clinic.public_id) for clinic in staff(request).clinics}:
        raise Http404
    request.session["clinic"] = chosen
    return redirect("admin:index" if "admin" in request.POST else "desk:board")


@require_http_methods(["GET", "POST"])
def give_back(request: HttpRequest) -> HttpResponse:
    """Thank the patient, and let staff go on with their password: see `clinic.tablet`."""
    lock = tablet.handed_over(request)
    if lock is None:
        return redirect("desk:board")
    typed = request.POST if request.method == "POST" else None
    form = tablet.TakeBackForm(typed, request=request)
    if form.is_valid():
        return redirect(tablet.take_back(request, lock))
    return render(request, "give_back.html", {"form": form, "lock": lock})
