"""The safety screen."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic.access import staff
from patients import ports
from patients.basis import AT_MOST, Basis, basis_of, chart_condition
from patients.forms.screening import ScreenForm
from patients.medicines.interactions import Context
from patients.models import Condition, MedicineReview, Patient, SafetyScreen, ScreenPolicy
from patients.rules import months_later
from patients.screening.matching import MATCHED, UNCLASSIFIED, Matches, match
from patients.screening.treatment import OFFERED, Treatment
from patients.services import screening
from patients.services.medicines import reviewed
from patients.views.pages import Page, answer, open_patient, today_at

SCREEN = Page(
    "Safety screen",
    "Record screen",
    "The safety screen is recorded.",
    "patients/screen.html",
)


@require_http_methods(["GET", "POST"])
def screen(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patient = open_patient(request, screening.SCREEN, public_id, "screen")
    today = today_at(patient.clinic)
    basis = basis_of(patient, today)
    planned = _planned(patient)
    offered = OFFERED | ({planned.key: planned} if planned else {})
    key = request.POST.get("treatment") or request.GET.get("treatment", "")
    treatment = offered.get(key) or planned or _last(patient)
    matches = match(basis.chart, treatment)
    policy = ScreenPolicy.of(patient.clinic_id)
    last = SafetyScreen.objects.filter(patient=patient).select_related("screened_by").first()
    form = ScreenForm(
        request.POST or None,
        initial={"valid_until": months_later(today, policy.usual_months), "seen": basis.digest},
        treatment=treatment,
        offered=offered,
        suggestions=matches.suggestions,
        before={row.rule: row for row in last.answers.all()} if last else {},
    )

    def save() -> None:
        entry = form.submission("screen", public_id)
        screening.screen(patient.pk, form.decision, by=staff(request), entry=entry)

    return answer(
        request,
        form,
        patient,
        save,
        SCREEN,
        basis=basis,
        last=last,
        conditions=_conditions(basis, matches),
        planned=planned,
        treatment=treatment,
        review=reviewed(
            basis.medicines,
            MedicineReview.objects.filter(patient=patient).select_related("acknowledged_by"),
            today,
            [Context(treatment.drug, treatment.route)],
        ),
    )


def _planned(patient: Patient) -> Treatment | None:
    found = [each for each in ports.planned_treatment(patient).values() if each is not None]
    return next(iter(found), None)


def _last(patient: Patient) -> Treatment:
    """Propose what the last screen was for; the first time, the treatment with a label."""
    row = SafetyScreen.objects.filter(patient=patient).exclude(drug="").first()
    return row.treatment if row else next(iter(OFFERED.values()))


def _conditions(basis: Basis, matches: Matches) -> list[tuple[Condition, str]]:
    """Return the rows shown, each with what the screen made of it."""
    state = {each.condition: each.state for each in matches.conditions}
    words = {MATCHED: "matched", UNCLASSIFIED: "not classified"}
    found = [(row, words.get(state[chart_condition(row)], "")) for row in basis.conditions]
    # What nobody has classified comes first: a person has to read it.
    order = {"not classified": 0, "matched": 1, "": 2}
    return sorted(found, key=lambda each: order[each[1]])[:AT_MOST]
