"""Recording and withdrawing consents."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import date
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.access import allow, staff
from patients.forms.consent import ConsentForm, LiftForm, WithdrawForm
from patients.models import Consent, ConsentTemplate, MailHold, Patient
from patients.services import consent, holds
from patients.views.pages import Page, answer, open_patient, open_row

GIVE = Page("Record consent", "Record consent", "The consent is recorded.")
LIFT = Page("Let mail go again", "Lift the hold", "Mail goes to the patient again.")
WITHDRAW = Page("Withdraw consent", "Withdraw consent", "The consent is withdrawn.")


@require_http_methods(["GET", "POST"])
def give(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Front desk may record consent to e-mail; consent to treatment needs a clinician."""
    patient = open_patient(request, consent.PERMISSIONS[Consent.Kind.EMAIL], public_id, "consent")
    initial = {"given_at": clock.now(), "kind": request.GET.get("kind", "")}
    kinds, texts = _kinds(request, patient), ConsentTemplate.objects.offered_at(patient.clinic)
    form = ConsentForm(request.POST or None, initial=initial, kinds=kinds, texts=texts)

    def save() -> None:
        entry = form.submission("consent", public_id)
        consent.give(patient.pk, form.agreement, by=staff(request), entry=entry)

    return answer(request, form, patient, save, GIVE, lead=_standing(patient))


def _kinds(request: HttpRequest, patient: Patient) -> list[str]:
    user = staff(request)
    return [
        kind for kind, needed in consent.PERMISSIONS.items() if user.may(needed, patient.clinic_id)
    ]


def _standing(patient: Patient) -> str:
    rows = Consent.objects.filter(patient=patient).standing().select_related("clinic", "template")
    now = clock.now()
    kinds = [row.subject.lower() for row in rows if row.stands_at(now)]
    if not kinds:
        return ""
    return f"On record: consent to {' and '.join(kinds)}. A new one takes its place."


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, public_id: UUID) -> HttpResponse:
    email_permission = consent.PERMISSIONS[Consent.Kind.EMAIL]
    rows = Consent.objects.select_related("template")
    row = open_row(request, rows, email_permission, public_id, "consent")
    allow(staff(request), consent.PERMISSIONS[row.kind], row)
    form = WithdrawForm(request.POST or None, initial={"withdrawn_at": clock.now()})

    def save() -> None:
        entry = form.submission("withdraw_consent", public_id)
        consent.withdraw(row.pk, by=staff(request), entry=entry, **form.values)

    kind = row.subject.lower()
    given_on = date(row.given_at, "j M Y")
    lead = f"Consent to {kind}, given on {given_on}. It stays on the record as withdrawn."
    return answer(request, form, row.patient, save, WITHDRAW, lead=lead)


@require_http_methods(["GET", "POST"])
def lift_hold(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = open_row(request, MailHold.objects.all(), holds.LIFT, public_id, "mail_hold")
    form = LiftForm(request.POST or None)

    def save() -> None:
        entry = form.submission("lift_hold", public_id)
        holds.lift(row.pk, note=form.cleaned_data["note"], by=staff(request), entry=entry)

    lead = f"{row.reason} Reminders that are still in time are planned again."
    return answer(request, form, row.patient, save, LIFT, lead=lead)
