"""What is due, one questionnaire at a time."""

from django.http import HttpRequest, HttpResponse

from outcomes.instruments import Instrument, answered_alone
from portal.forms import QuestionnaireForm
from portal.services import questionnaires
from portal.services.questionnaires import State, tells_of_risk
from portal.views.pages import again, show
from portal.visitor import Visitor

HELP, ON = "help", "on"


def questionnaire(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    instrument = _posted(request)
    if instrument is not None:
        return _keep(request, visitor, instrument)
    state = questionnaires.state(visitor.message, visitor.now)
    if state.is_at_risk and request.GET.get("at") == HELP:
        following = ON if state.waiting else ""
        return show(request, "check_in_help", visitor, is_at_risk=True, next=following)
    if not state.waiting:
        return show(request, "questionnaires_done", visitor, state=state)
    form = QuestionnaireForm(instrument=state.waiting[0], begun=state.begun)
    return _ask(request, visitor, form, state)


def _posted(request: HttpRequest) -> Instrument | None:
    if request.method != "POST":
        return None
    return answered_alone().get(request.POST.get("instrument", ""))


def _keep(request: HttpRequest, visitor: Visitor, instrument: Instrument) -> HttpResponse:
    """Keep it if nothing is missing; a risk waits for no other answer."""
    form = QuestionnaireForm(request.POST, instrument=instrument)
    is_whole = form.is_valid()
    is_at_risk = tells_of_risk(instrument, form.answers)
    if is_whole or is_at_risk:
        questionnaires.record(visitor.message, instrument, form.answers)
        return again(request, f"?at={HELP}" if is_at_risk else "")
    state = questionnaires.state(visitor.message, visitor.now)
    if instrument not in state.waiting:
        return again(request)
    return _ask(request, visitor, form, state)


def _ask(
    request: HttpRequest, visitor: Visitor, form: QuestionnaireForm, state: State
) -> HttpResponse:
    return show(
        request,
        "questionnaire",
        visitor,
        form=form,
        instrument=form.instrument,
        state=state,
        number=state.done + 1,
        total=state.done + len(state.waiting),
    )


def risk_told_late(request: HttpRequest, visitor: Visitor) -> HttpResponse | None:
    """Hear a risk that was typed before the link ended, and show where help is; else nothing."""
    instrument = _posted(request)
    if instrument is None:
        return None
    form = QuestionnaireForm(request.POST, instrument=instrument)
    form.full_clean()
    if not tells_of_risk(instrument, form.answers):
        return None
    questionnaires.record_risk(visitor.message, instrument, form.answers)
    return show(request, "check_in_help", visitor, is_at_risk=True)
