"""The emergency: one tap starts it, one tap tells each thing; a sheet for the ambulance crew."""

from uuid import UUID, uuid4

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from clinic import clock
from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from monitoring import reviewed
from monitoring.forms.taps import BareForm, TapForm, buttons
from monitoring.happenings import emergency_words, happenings
from monitoring.models import Emergency, EmergencyAction, EmergencyPolicy
from monitoring.services import emergencies, endings, history
from monitoring.views.taps import show, tapped, whole_rows
from patients.models import Allergy, Condition, Medication
from sessions.actions import session_rows, today_of
from sessions.lifecycle import PRESENT
from sessions.models import TreatmentSession

SEES_VALUES = "monitoring.view_vitalsigns"
LIST = ("emergency", "actions")
HANDED_OVER = "handed_over"


@require_GET
def emergency(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """Show what runs now, or the last one, with a button for each thing that may be done."""
    treatment_session = fetch(request, whole_rows(), emergencies.RUN, public_id=public_id)
    running = emergencies.running(treatment_session)
    last = running or treatment_session.emergencies.last()
    rows = EmergencyAction.objects.standing().filter(emergency=last).select_related("by")
    done = list(rows.order_by("-at", "-pk")) if last else []
    handed_over = last and not running and any(row.code == HANDED_OVER for row in done)
    actions = list(reviewed.topic("emergency")["actions"])
    context = {
        "emergency": last,
        "running": running,
        "start": BareForm(),
        "done": [(row, emergency_words(row), uuid4()) for row in done],
        "buttons": buttons(actions, [row.code for row in done]),
        "may_transfer": handed_over
        and treatment_session.status in PRESENT
        and staff(request).may(endings.RUN, treatment_session.clinic_id),
        "policy": EmergencyPolicy.of(treatment_session.clinic_id),
        "may_print": staff(request).may(SEES_VALUES, treatment_session.clinic_id),
        "now": clock.now(),
    }
    return show(request, treatment_session, "monitoring/emergency.html", context)


@require_POST
def start(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), emergencies.RUN, public_id=public_id)
    form = BareForm(request.POST)

    def save() -> object:
        entry = form.submission("emergency", public_id)
        return emergencies.start(treatment_session.pk, by=staff(request), entry=entry)

    return tapped(request, form, save, "monitoring:emergency", public_id)


@require_POST
def act(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    rows = Emergency.objects.visible_to(staff(request))
    found = get_object_or_404(rows, public_id=public_id)
    treatment_session = _session_of(request, found)
    form = TapForm(request.POST, topic=LIST[0], title=LIST[1])

    def save() -> object:
        entry = form.submission("emergency.act", public_id)
        return emergencies.act(found, by=staff(request), entry=entry, **form.values)

    return tapped(request, form, save, "monitoring:emergency", treatment_session.public_id)


@require_POST
def undo(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    rows = EmergencyAction.objects.visible_to(staff(request)).select_related("emergency")
    found = get_object_or_404(rows, public_id=public_id)
    treatment_session = _session_of(request, found)
    form = BareForm(request.POST)

    def save() -> object:
        entry = form.submission("emergency.undo", public_id)
        return emergencies.undo(found, by=staff(request), entry=entry)

    return tapped(request, form, save, "monitoring:emergency", treatment_session.public_id)


@require_GET
def ambulance(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """Print what an ambulance crew asks: one page, without a script."""
    treatment_session = fetch(request, whole_rows(), SEES_VALUES, public_id=public_id)
    record, patient = history.load(treatment_session), treatment_session.patient
    of_patient, today = {"patient": patient}, today_of(treatment_session)
    context = {
        "record": record,
        "patient": patient,
        "now": clock.now(),
        "allergies": [row for row in Allergy.objects.filter(**of_patient) if row.is_active],
        "conditions": [row for row in Condition.objects.filter(**of_patient) if row.is_active],
        "medicines": [m for m in Medication.objects.filter(**of_patient) if m.is_current(today)],
        "happened": [row for row in happenings(record.incidents) if not row.struck],
        "policy": record.incidents.emergency_policy,
    }
    return show(request, treatment_session, "monitoring/ambulance.html", context)


def _session_of(request: HtmxHttpRequest, row: Emergency | EmergencyAction) -> TreatmentSession:
    return fetch(request, session_rows(), emergencies.RUN, pk=row.treatment_session_id)
