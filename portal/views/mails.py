"""Which mails the patient wants."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from portal.services import mails as wishes
from portal.views.pages import again, show
from portal.visitor import Visitor
from reminders.kinds import Kind

WORDS = {
    Kind.PREPARATION: _("How to prepare for a visit"),
    Kind.REMINDER: _("Reminders of a visit"),
    Kind.LATE_BOOKING: _("A visit that was booked at short notice"),
    Kind.INSTRUCTIONS: _("What to do on the way home"),
    Kind.FOLLOW_UP: _("How are you after a visit?"),
    Kind.MISSED: _("After a missed visit"),
    Kind.QUESTIONNAIRE: _("Questions to fill in"),
    Kind.CONSENT_EXPIRING: _("A form has to be signed again"),
}


def mails(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    if request.method == "POST":
        if "none" in request.POST:
            wishes.stop_all(visitor.message)
        else:
            wishes.choose(visitor.message, request.POST.getlist("wanted"))
        return again(request, "?at=done")
    declined = wishes.declined(visitor.message)
    return show(
        request,
        "mails",
        visitor,
        kinds=[(kind.value, words, kind.value not in declined) for kind, words in WORDS.items()],
        gets_mail=wishes.gets_mail(visitor.message),
        is_done=request.GET.get("at") == "done",
    )
