"""Who may open the page of a link: guesses of links and of birth dates are counted.

A link alone shows the clinic and nothing of its patient; the right birth date opens the page for
half an hour, in that browser.
"""

from datetime import date, timedelta
from hashlib import sha256

# Internal, and may change with any version: the public one counts under the app of accounts only.
# test_gate.py notices.
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from clinic import audit, clock
from clinic.audit import acting
from clinic.roles import Role
from patients.models import Task
from patients.services import tasks
from portal.services.visitor import PATIENT
from reminders.links import PATH
from reminders.models import Message

SALT = "portal.gate"
OPEN_FOR = timedelta(minutes=30)
MOST_WRONG = 5
UNKNOWN_LINKS = {"unknown_link": "20/m/ip"}


def is_guessing(request: HttpRequest) -> bool:
    """Count a link that doesn't work for its sender's address; say whether there were too many."""
    rate = ratelimit.consume(
        request, app="portal", action="unknown_link", config=UNKNOWN_LINKS, limit_get=True
    )
    return rate is None


def is_open(request: HttpRequest, message: Message) -> bool:
    told = request.COOKIES.get(_name(message), "")
    try:
        opened = signing.loads(told, salt=SALT, max_age=OPEN_FOR)
    except signing.BadSignature:
        return False
    return opened == str(message.public_id)


def open_page(response: HttpResponse, message: Message) -> None:
    response.set_cookie(
        _name(message),
        signing.dumps(str(message.public_id), salt=SALT),
        max_age=OPEN_FOR,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _name(message: Message) -> str:
    """Name the cookie for its message, so that two patients with one mailbox each have one."""
    return f"p{sha256(message.public_id.bytes).hexdigest()[:12]}"


def is_right(message: Message, typed: date) -> bool:
    """Compare under the message's lock, so that parallel guesses are counted one by one.

    With the last guess the links of the message die, and the front desk hears of it.
    """
    with acting(PATIENT):
        locked = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
        if locked.links_revoked_at is not None:
            return False
        fits = typed == message.patient.birth_date
        wrong = 0 if fits else locked.wrong_birth_dates + 1
        if wrong != locked.wrong_birth_dates:
            locked.wrong_birth_dates = wrong
            locked.save(update_fields=["wrong_birth_dates"])
        if wrong >= MOST_WRONG:
            _revoke(locked, message)
        return fits


def _revoke(locked: Message, message: Message) -> None:
    locked.links_revoked_at = clock.now()
    locked.save(update_fields=["links_revoked_at"])
    audit.record("links.revoked", subject=locked)
    tasks.ask(
        Task.Kind.CALL,
        patient=message.patient,
        role=Role.FRONT_DESK,
        text="The birth date was typed wrongly five times at a link in an e-mail, so its links "
        "are off. Call the patient, and check the e-mail address.",
        due_at=locked.links_revoked_at,
        dedupe_key=f"links:{locked.public_id}",
        source=message.treatment_session,
    )
