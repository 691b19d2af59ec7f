"""Critical values acknowledged; watching taken over and handed over."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from monitoring.forms.calls import CriticalForm, OfferForm, TakeOverForm
from monitoring.services import critical, history, seen, watches
from sessions.actions import Panel, answer, session_rows

GET_POST = require_http_methods(["GET", "POST"])
LEAD = "Stay with the patient. {} A new or worse value asks again."
PRESCRIBERS = "Your name and what you order end the call."
NURSES = "The call to a prescriber stays until one acknowledges, or you name the one you informed."


@GET_POST
def acknowledge(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), critical.RECORD, public_id=public_id)
    user = staff(request)
    record = history.load(treatment_session)
    found = record.critical(clock.now())
    prescriber = user.may(critical.PRESCRIBER, treatment_session.clinic_id)
    initial = {"shown": critical.digest(found)}
    form = CriticalForm(request.POST or None, prescriber=prescriber, initial=initial)
    panel = Panel(
        title="Critical values",
        form=form,
        url=request.path,
        button="Acknowledge",
        lead=LEAD.format(PRESCRIBERS if prescriber else NURSES)
        if found
        else "No critical value stands now.",
        points=tuple(record.with_source(alert) for alert in found),
    )

    def save() -> str:
        try:
            row = critical.acknowledge(
                treatment_session.pk,
                by=user,
                entry=form.submission("critical", public_id),
                **form.values,
            )
        except seen.UnseenError:
            form.ask_again(shown=critical.digest(found))
            raise
        if row.how == critical.How.SEEN:
            return "Acknowledged. The call to a prescriber stays open."
        return "Acknowledged: a prescriber knows."

    return answer(request, treatment_session, panel, save)


@GET_POST
def take_over(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), watches.WATCH, public_id=public_id)
    watch = history.load(treatment_session).watch
    form = TakeOverForm(request.POST or None)
    lead = f"{watch.by.name} watches until you confirm." if watch.by else "Nobody watches now."
    button = "I watch this patient"
    panel = Panel("Watch this patient", form, request.path, button, lead)

    def save() -> str:
        entry = form.submission("take_over", public_id)
        watches.take_over(treatment_session.pk, by=staff(request), entry=entry)
        return "You watch this patient."

    return answer(request, treatment_session, panel, save)


@GET_POST
def hand_over(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), watches.WATCH, public_id=public_id)
    user = staff(request)
    colleagues = watches.colleagues(treatment_session, user)
    form = OfferForm(request.POST or None, colleagues=colleagues)
    lead = "You go on watching until your colleague confirms it with a tap of their own."
    panel = Panel("Hand over", form, request.path, "Ask to take over", lead)

    def save() -> str:
        entry = form.submission("hand_over", public_id)
        watches.offer(treatment_session.pk, form.colleague, by=user, entry=entry)
        return f"{form.colleague} is asked. You watch until they confirm."

    return answer(request, treatment_session, panel, save)
