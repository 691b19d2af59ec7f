"""Signed-in time, a tablet handed over, second factor, the current clinic, no private copies."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime

from allauth.mfa.utils import is_mfa_enabled
from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django_htmx.http import HttpResponseClientRedirect

from clinic import tablet
from clinic.models import Clinic, User

GetResponse = Callable[[HttpRequest], HttpResponse]
POLL_HEADER = "X-Poll"  # sent by background refreshes: they never extend a signed-in session
SEEN_EVERY_SECONDS = 60


class SignedInTimeMiddleware:
    """End a signed-in session after idle time, and after a working day whatever happens."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and self._is_over(request):
            logout(request)
        return self.get_response(request)

    def _is_over(self, request: HttpRequest) -> bool:
        now = timezone.now()
        began = _moment(request.session.get("began_at"))
        seen = _moment(request.session.get("seen_at"))
        if began is None or seen is None:
            request.session["began_at"] = request.session["seen_at"] = now.isoformat()
            return False
        if now - seen > settings.SIGNED_IN_IDLE or now - began > settings.SIGNED_IN_AT_MOST:
            return True
        if POLL_HEADER not in request.headers and (now - seen).seconds >= SEEN_EVERY_SECONDS:
            request.session["seen_at"] = now.isoformat()
        return False


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


class HandedOverMiddleware:
    """While the patient holds the tablet, whatever isn't the patient's page asks for it back."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        lock = tablet.handed_over(request) if request.user.is_authenticated else None
        if lock is None or lock.is_open(request.path):
            return self.get_response(request)
        if "HX-Request" in request.headers:
            return HttpResponseClientRedirect(reverse("give_back"))
        return redirect("give_back")


class SecondFactorMiddleware:
    """Where a second factor is required, lead staff without one to set it up, and nowhere else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.MFA_REQUIRED and request.user.is_authenticated and not _may_pass(request):
            return redirect("mfa_activate_totp")
        return self.get_response(request)


def _may_pass(request: HttpRequest) -> bool:
    if request.path.startswith(("/accounts/", "/static/")) or request.path in {
        "/healthz",
        "/readyz",
    }:
        return True
    if request.session.get("second_factor_set"):
        return True
    request.session["second_factor_set"] = is_mfa_enabled(request.user)
    return bool(request.session["second_factor_set"])


class CurrentClinicMiddleware:
    """Choose the clinic that this person works at now, and show times in its zone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        clinic = self._clinic(request)
        request.clinic = clinic  # type: ignore[attr-defined]  # set here for every request
        with timezone.override(clinic.zone) if clinic else nullcontext():
            return self.get_response(request)

    @staticmethod
    def _clinic(request: HttpRequest) -> Clinic | None:
        clinics = request.user.clinics if isinstance(request.user, User) else []
        chosen = request.session.get("clinic") if clinics else None
        return next((c for c in clinics if str(c.public_id) == chosen), next(iter(clinics), None))


class PrivatePagesMiddleware:
    """Nothing of a signed-in page stays in a browser's or proxy's cache."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        patch_cache_control(response, private=True, no_store=True)
        return response


class ContentPolicyMiddleware:
    """What a browser may load: the same for every page, so it is put into words once."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault(HEADER, self.policy)  # a frame has a narrower one of its own
        return response
