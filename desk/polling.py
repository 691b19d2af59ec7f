"""Conditional answers to background refreshes.

The tag tells nothing about what is on the page: it is keyed by the server, and it carries the next
moment at which the page changes by time alone. A tag that is past that moment is worth nothing.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.crypto import constant_time_compare, salted_hmac
from django_htmx.http import HttpResponseClientRedirect


def polled(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """When the signed-in time is over, send the whole page to sign-in: nothing private stays."""

    @login_not_required
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL))
        return view(request, *args, **kwargs)

    return answer


def tag(state: Iterable[object], changes_at: datetime) -> str:
    """Return the tag of a page that rests on `state` and stays as it is until `changes_at`."""
    moment = f"{changes_at.timestamp():.6f}"
    return f"{moment}-{_keyed(state, moment)}"


def still_holds(sent: str, state: Iterable[object], now: datetime) -> bool:
    """Say whether the page with this tag would look the same now."""
    moment, _, digest = sent.partition("-")
    if not digest or not constant_time_compare(digest, _keyed(state, moment)):
        return False
    return now.timestamp() < float(moment)


def _keyed(state: Iterable[object], moment: str) -> str:
    text = "\x1f".join([moment, *map(str, state)])
    return salted_hmac("desk.polling", text, algorithm="sha256").hexdigest()
