"""Importing FHIR files: choose, look, confirm."""

from collections import Counter
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from clinic import audit, clock
from clinic.access import allow, fetch, staff
from clinic.forms import errors_on
from clinic.htmx import redirect_page
from patients.forms.imports import ConfirmImportForm, UploadForm
from patients.models import ImportDraft
from patients.models.draft import RefusedFile
from patients.services import drafts
from patients.services.imports import IMPORT, ImportPlan
from patients.uploads import InMemoryUploadHandler
from patients.views.register import current_clinic


@csrf_exempt  # checked by _upload, once the upload handler stands: the check reads the body
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    handler = InMemoryUploadHandler(request)
    request.upload_handlers = [handler]
    return _upload(request, handler)


@csrf_protect
def _upload(request: HttpRequest, handler: InMemoryUploadHandler) -> HttpResponse:
    clinic = current_clinic(request)
    allow(staff(request), IMPORT, clinic)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    refused: list[RefusedFile] = []
    if handler.is_full:
        form.add_error("bundles", "Together these files are larger than 30 MB: choose fewer.")
    if form.is_valid():
        files = [(each.name or "", each.read()) for each in form.cleaned_data["bundles"]]
        draft, refused = drafts.keep(files, clinic, by=staff(request))
        if draft is not None:
            return redirect_page(request, "patients:import_confirm", draft.public_id)
    return render(request, "patients/import.html", {"form": form, "refused": refused})


@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, public_id: UUID) -> HttpResponse:
    allow(staff(request), IMPORT)
    form = ConfirmImportForm(request.POST or None)
    if form.is_valid():
        url = ""
        with errors_on(form):
            entry = form.submission("import", public_id)
            saved = drafts.confirm(
                public_id, form.positions, by=staff(request), entry=entry, shown_at=result_url
            )
            messages.success(request, f"Imported {in_words(saved)}.")
            url = result_url(saved)
        if not form.errors:
            return redirect_page(request, url or form.result_url)
    return _show(request, public_id, form)


@require_POST
def discard(request: HttpRequest, public_id: UUID) -> HttpResponse:
    draft = _draft(request, public_id)
    try:
        drafts.discard(draft.public_id, by=staff(request))
        messages.info(request, "Nothing was imported; the files are removed.")
    except ValidationError as over:
        messages.error(request, over.message)
    return redirect_page(request, "patients:import")


def _draft(request: HttpRequest, public_id: UUID) -> ImportDraft:
    own = ImportDraft.objects.of(staff(request)).standing(clock.now()).select_related("clinic")
    draft: ImportDraft = fetch(request, own, IMPORT, public_id=public_id)
    return draft


def result_url(plans: list[ImportPlan]) -> str:
    """Return where to go: the chart of a single patient, the list for more."""
    patients = {each.patient.public_id for plan in plans for each in plan.patients}
    if len(patients) == 1:
        return reverse("desk:chart", args=[*patients])
    return reverse("desk:patients")


def _show(request: HttpRequest, public_id: UUID, form: ConfirmImportForm) -> HttpResponse:
    try:
        draft = _draft(request, public_id)
    except Http404:
        messages.error(request, "This preview is over: choose the files again.")
        return redirect_page(request, "patients:import")
    preview = drafts.preview(draft)
    for patient in (each.match for file in preview.plans for each in file.plan.patients):
        if patient is not None:
            audit.read(staff(request), "import", patient)
    plans = [file.plan for file in preview.plans]
    context = {
        "draft": draft,
        "form": form,
        "plans": preview.plans,
        "refused": preview.refused,
        "offered": ",".join(str(file.position) for file in preview.plans),
        "totals": in_words(plans),
        "button": f"Import {_patients(sum(len(plan.patients) for plan in plans))}",
        "now": clock.now(),
    }
    return render(request, "patients/import_preview.html", context, status=form.status_code)


def in_words(plans: list[ImportPlan]) -> str:
    """Say "3 patients: 2 new, 1 updated"; no names."""
    outcomes = Counter(each.outcome for plan in plans for each in plan.patients)
    parts = [f"{count} {outcome}" for outcome, count in outcomes.items()]
    return f"{_patients(outcomes.total())}: {', '.join(parts)}"


def _patients(count: int) -> str:
    return f"{count} patient{'' if count == 1 else 's'}"
