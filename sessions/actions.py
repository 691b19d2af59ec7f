"""One form that does one thing to a session: as a page of its own, or inline by htmx."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from clinic import audit
from clinic.access import staff
from clinic.forms import errors_on
from clinic.htmx import HtmxHttpRequest, redirect_page
from patients.banner import Banner, banner_for
from patients.medicines.review import Review
from patients.models import Allergy
from sessions.forms.drawing import draw
from sessions.models import TreatmentSession
from sessions.sections import Section
from sessions.treatments import context_of

WITH_BANNER = ("patient", "clinic", "course__protocol", "phase")


@dataclass(frozen=True, slots=True)
class Panel:
    """A form with its words; the sheet shows it inline, a page of its own shows it alone."""

    title: str
    form: Any  # a ClinicalForm of its own kind
    url: str
    button: str
    lead: str = ""
    danger: bool = False
    points: tuple[str, ...] = ()  # what the form is about, line by line
    record: tuple[Section, ...] = ()  # what a signature vouches for
    paper: tuple[str, str] = ("", "")  # words and address of what may be printed first

    @property
    def fields(self) -> SafeString:
        return draw(self.form)


def session_rows() -> Any:
    """Return sessions as an action needs them; a page of its own reads the rest for its banner."""
    return TreatmentSession.objects.all()


def action_url(name: str, treatment_session: TreatmentSession, *args: str) -> str:
    return reverse(name, args=[treatment_session.public_id, *args])


def step_of(treatment_session: TreatmentSession) -> str:
    """Say where in the course this session stands: "Esketamine TRD · Induction 3 of 8"."""
    title = treatment_session.course.protocol.short_title
    return f"{title} · {treatment_session.step_label}"


def session_banner(
    request: HttpRequest,
    treatment_session: TreatmentSession,
    allergies: Iterable[Allergy] | None = None,
    medicines: Review | None = None,
) -> Banner:
    return banner_for(
        treatment_session.patient,
        staff(request),
        today_of(treatment_session),
        step=step_of(treatment_session),
        allergies=allergies,
        medicines=medicines,
        contexts=[context_of(treatment_session.course.protocol)],
    )


def today_of(treatment_session: TreatmentSession) -> date:
    return timezone.localdate(timezone=treatment_session.clinic.zone)


class Alarming(str):
    """What was saved, in words that call for action: shown as a warning, never in green."""

    __slots__ = ()


def answer(
    request: HtmxHttpRequest,
    treatment_session: TreatmentSession,
    panel: Panel,
    save: Callable[[], str],
) -> HttpResponse:
    """Save a valid form and go to the sheet, saying what was saved; else show the form again."""
    form = panel.form
    if not form.is_bound and treatment_session.is_signed:
        return show_closed(request, treatment_session, panel)
    if form.is_bound:
        if form.is_for(request, treatment_session.patient_id):
            with errors_on(form):
                said = save()
                level = messages.WARNING if isinstance(said, Alarming) else messages.SUCCESS
                messages.add_message(request, level, said)
        if not form.errors or form.was_saved(staff(request)):
            return redirect_page(request, "desk:session", treatment_session.public_id)
    return show(request, treatment_session, panel)


def show(
    request: HtmxHttpRequest, treatment_session: TreatmentSession, panel: Panel
) -> HttpResponse:
    audit.read(staff(request), "session", treatment_session)  # forms show readings and doses
    context = {"panel": panel, "form": panel.form, "treatment_session": treatment_session}
    if request.htmx:
        return render(request, "sessions/_form.html", context, status=panel.form.status_code)
    whole = TreatmentSession.objects.select_related(*WITH_BANNER).get(pk=treatment_session.pk)
    context["banner"] = session_banner(request, whole)
    return render(request, "sessions/action.html", context, status=panel.form.status_code)


def show_closed(
    request: HtmxHttpRequest, treatment_session: TreatmentSession, panel: Panel
) -> HttpResponse:
    """Say that the record is signed, and what to do, in place of a form that can't be saved."""
    audit.read(staff(request), "session", treatment_session)
    banner = session_banner(request, treatment_session)
    context = {"panel": panel, "treatment_session": treatment_session, "banner": banner}
    return render(request, "sessions/closed.html", context)
