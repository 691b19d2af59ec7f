"""The one address of a link: the birth date first, then the page of its purpose."""

from collections.abc import Callable
from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic import clock
from portal import gate
from portal.forms import BirthDateForm
from portal.services import checking_in
from portal.services.visitor import LinkOverError
from portal.views import changes, check_in, mails, questionnaires, visit
from portal.views.pages import again, neutral, show
from portal.visitor import Visitor
from reminders import links
from reminders.links import Purpose
from reminders.models import Message

Page = Callable[[HttpRequest, Visitor], HttpResponse]
PAGES: dict[Purpose, Page] = {
    Purpose.VISIT: visit.visit,
    Purpose.RESCHEDULE: changes.another_time,
    Purpose.REBOOK: changes.another_time,
    Purpose.CANCEL: changes.cancel,
    Purpose.PREPARE: visit.prepare,
    Purpose.CALENDAR: visit.calendar,
    Purpose.CHECK_IN: check_in.check_in,
    Purpose.QUESTIONNAIRE: questionnaires.questionnaire,
    Purpose.MAILS: mails.mails,
}
HEARD_LATE = {
    Purpose.CHECK_IN: check_in.risk_told_late,
    Purpose.QUESTIONNAIRE: questionnaires.risk_told_late,
}
TYPED = "act"  # marks a post that is more than a birth date


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    found, now = links.read(token), clock.now()
    if found is None or found[1] not in PAGES:
        return neutral(request)
    if not _opens(*found, now):
        return _over(request, *found, now) if gate.is_open(request, found[0]) else neutral(request)
    visitor = Visitor.of(*found, now)
    with visitor.in_their_words():
        if gate.is_open(request, visitor.message):
            if request.method == "POST" and TYPED not in request.POST:
                return again(request)  # a birth date typed where the page was open already
            return _page(request, visitor)
        if _is_used(visitor):
            return neutral(request)
        return _at_the_gate(request, visitor)


def _opens(message: Message, purpose: Purpose, now: datetime) -> bool:
    """Say whether the birth date opens a page: its own, or the word of what became of the visit."""
    return links.stands(message, purpose, now) or links.is_outdated(message, purpose, now)


def _page(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    if links.is_outdated(visitor.message, visitor.purpose, visitor.now):
        return changes.overtaken(request, visitor)
    try:
        return PAGES[visitor.purpose](request, visitor)
    except LinkOverError:
        return _over(request, visitor.message, visitor.purpose, visitor.now)


def _over(request: HttpRequest, message: Message, purpose: Purpose, now: datetime) -> HttpResponse:
    """The link ended while its page was open: nothing works any more but a call for help.

    Where the visit was moved or called off meanwhile, the page leads to the word of that.
    """
    fresh = links.of(message.public_id)
    if fresh is not None and links.is_outdated(fresh, purpose, now):
        return again(request)
    if purpose not in HEARD_LATE or purpose not in links.OFFERED[message.kind]:
        return neutral(request)
    visitor = Visitor.of(message, purpose, now)
    with visitor.in_their_words():
        help_page = HEARD_LATE[purpose](request, visitor)
    return help_page or neutral(request)


def _is_used(visitor: Visitor) -> bool:
    is_check_in = visitor.purpose == Purpose.CHECK_IN
    return is_check_in and checking_in.is_done(checking_in.latest(visitor.message))


def _at_the_gate(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Ask for the birth date; what was posted when the half hour had run out is carried along."""
    is_typed = "day" in request.POST
    form = BirthDateForm(request.POST if is_typed else None)
    is_wrong = False
    if is_typed and form.is_valid():
        if gate.is_right(visitor.message, form.cleaned_data["birth_date"]):
            response = _page(request, visitor) if TYPED in request.POST else again(request)
            gate.open_page(response, visitor.message)
            return response
        is_wrong = True
        fresh = links.of(visitor.message.public_id)
        if fresh is not None and fresh.links_revoked_at is not None:
            return show(request, "shut", visitor, status=404)  # the clinic stood there until now
        if fresh is None or not _opens(fresh, visitor.purpose, visitor.now):
            return neutral(request)
    left_out = {*form.fields, "csrfmiddlewaretoken"}
    carried = [
        (name, value)
        for name in request.POST
        if name not in left_out
        for value in request.POST.getlist(name)
    ]
    return show(request, "birth_date", visitor, form=form, is_wrong=is_wrong, carried=carried)
