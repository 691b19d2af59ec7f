"""One click in the mail program (RFC 8058): no cookie, no birth date, and nothing but that kind."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clinic import clock
from portal.services import mails
from portal.services.visitor import LinkOverError
from portal.views.mails import WORDS
from portal.views.pages import neutral, show
from portal.visitor import Visitor
from reminders import links
from reminders.kinds import Kind
from reminders.links import Purpose


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, rest: str) -> HttpResponse:
    found, now = links.read(f"{Purpose.UNSUBSCRIBE.value}{rest}"), clock.now()
    if found is None or found[1] != Purpose.UNSUBSCRIBE or not links.stands(*found, now):
        return neutral(request)
    visitor = Visitor.of(*found, now)
    if request.method == "POST":
        try:
            mails.stop_kind(visitor.message)
        except LinkOverError:
            return neutral(request)
    with visitor.in_their_words():
        kind = Kind(visitor.message.kind)
        is_off = kind.value in mails.declined(visitor.message)
        return show(request, "unsubscribe", visitor, kind=WORDS[kind], is_off=is_off)
