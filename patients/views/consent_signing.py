"""Consents signed on the tablet, and the copy to print."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic import clock, tablet
from clinic.access import allow, staff
from clinic.forms import errors_on
from clinic.htmx import redirect_page
from clinic.models import User
from patients.banner import banner_for
from patients.forms.consent_signing import SignForm
from patients.models import Consent, ConsentTemplate, Patient, PatientPolicy
from patients.services import consent, consent_signing
from patients.views.pages import open_patient, open_row

SOME = consent.PERMISSIONS[Consent.Kind.EMAIL]
VIEW = "patients.view_patient"


@require_GET
def choose(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """List the texts that this member of staff may have signed."""
    patient = open_patient(request, SOME, public_id, "consent")
    now = clock.now()
    today = now.astimezone(patient.clinic.zone).date()
    context = {
        "patient": patient,
        "offered": _offered(patient, staff(request)),
        "banner": banner_for(patient, staff(request), today),
        "now": now,
    }
    return render(request, "patients/choose_consent.html", context)


def _offered(patient: Patient, user: User) -> list[ConsentTemplate]:
    return [
        template
        for template in ConsentTemplate.objects.offered_at(patient.clinic)
        if user.may(consent.PERMISSIONS[Consent.Kind(template.kind)], patient.clinic_id)
    ]


@require_POST
def hand_over(request: HttpRequest, public_id: UUID, text_id: UUID) -> HttpResponse:
    """Lock this browser to the text: from here on the patient holds the tablet."""
    patient, template = _to_sign(request, public_id, text_id)
    page = reverse("patients:sign_consent", args=[patient.public_id, template.public_id])
    back = reverse("patients:choose_consent", args=[patient.public_id])
    tablet.hand_over(request, patient, page=page, back=back)
    return redirect(page)


def _to_sign(
    request: HttpRequest, public_id: UUID, text_id: UUID
) -> tuple[Patient, ConsentTemplate]:
    patient = open_patient(request, SOME, public_id, "consent")
    template = ConsentTemplate.objects.visible_to(staff(request)).filter(public_id=text_id).first()
    if template is None or template.clinic_id not in {None, patient.clinic_id}:
        raise Http404
    allow(staff(request), consent.PERMISSIONS[Consent.Kind(template.kind)], patient)
    return patient, template


@require_http_methods(["GET", "POST"])
def sign(request: HttpRequest, public_id: UUID, text_id: UUID) -> HttpResponse:
    """Show the text to the patient, who signs or doesn't; only while the tablet is handed over."""
    patient, template = _to_sign(request, public_id, text_id)
    if tablet.handed_over(request) is None:
        return redirect_page(request, "patients:choose_consent", patient.public_id)
    if "decline" in request.POST:
        tablet.finish(request, "Nothing was signed.")
        return redirect("give_back")
    form = SignForm(request.POST or None, template=template)
    signed: Consent | None = None
    if form.is_for(request, patient.pk):
        with errors_on(form):
            entry = form.submission("sign_consent", f"{public_id} {template.pk}")
            signed = consent_signing.sign(
                patient.pk, template.pk, form.signed, by=staff(request), entry=entry
            )
        if not form.errors:
            copy = _copy_url(patient, template, signed)
            tablet.finish(request, "Your consent is signed.", back=copy)
            return redirect_page(request, "give_back")
    now = clock.now()
    agreement = consent_signing.agreement_on(template, now, patient.clinic)
    context = {
        "patient": patient,
        "template": template,
        "form": form,
        "now": now,
        "until": agreement.expires_on,
        "policy": PatientPolicy.of(patient.clinic_id),
    }
    return render(request, "patients/sign_consent.html", context, status=form.status_code)


def _copy_url(patient: Patient, template: ConsentTemplate, signed: Consent | None) -> str:
    """A repeated submission ends at the consent that its first one made."""
    if signed is None:
        rows = Consent.objects.filter(patient=patient, template=template)
        signed = rows.order_by("-pk").first()
    if signed is None:
        return ""
    return reverse("patients:consent_copy", args=[signed.public_id])


@require_GET
def copy(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a consent as it was given, to print: text, ticks, signature, withdrawal."""
    rows = Consent.objects.select_related("template", "recorded_by", "withdrawn_by")
    row = open_row(request, rows, VIEW, public_id, "consent")
    signature = getattr(row, "signature", None)
    now = clock.now()
    chart = reverse("desk:chart", args=[row.patient.public_id])
    context = {
        "back": f"{chart}#consents",
        "consent": row,
        "patient": row.patient,
        "signature": signature,
        "now": now,
        "stands": row.stands_at(now),
        "policy": PatientPolicy.of(row.clinic_id),
    }
    return render(request, "patients/consent_copy.html", context)
