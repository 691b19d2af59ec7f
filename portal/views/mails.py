"""Which mails the patient wants."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as lazy

from portal.services import mails as wishes
from portal.views.pages import again, show
from portal.visitor import Visitor
from reminders.kinds import Kind

WORDS = {
    Kind.PREPARATION: lazy("How to prepare for a visit"),
    Kind.REMINDER: lazy("Reminders of a visit"),
    Kind.LATE_BOOKING: lazy("A visit that was booked at short notice"),
    Kind.CHANGED: lazy("A visit has a new time"),
    Kind.CALLED_OFF: lazy("A visit is called off"),
    Kind.INSTRUCTIONS: lazy("What to do on the way home"),
    Kind.FOLLOW_UP: lazy("How are you after a visit?"),
    Kind.MISSED: lazy("After a missed visit"),
    Kind.QUESTIONNAIRE: lazy("Questions to fill in"),
    Kind.CONSENT_EXPIRING: lazy("A form has to be signed again"),
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
