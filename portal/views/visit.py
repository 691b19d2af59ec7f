"""A visit that lies ahead: coming, preparing, the calendar entry."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from portal.forms import PrepareForm
from portal.models import ChangeRequest, Confirmation, Preparation
from portal.services import asking, visits
from portal.services.asking import Bounds
from portal.services.visits import Prepared
from portal.views.pages import again, link_of, minutes_before, private, show
from portal.visitor import Visitor, said_day
from reminders.links import Purpose
from sessions.models import TreatmentSession

FILE = "file"


def visit(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    if request.method == "POST":
        visits.confirm(visitor.message)
        return again(request)
    session = visitor.session
    asked = asking.open_request(visitor.message)
    confirmed = Confirmation.objects.filter(
        treatment_session=session, schedule_rev=session.schedule_rev
    )
    return show(
        request,
        "visit",
        visitor,
        is_confirmed=confirmed.exists(),
        asked=asked,
        is_late=Bounds.of(session, visitor.policy, visitor.now).are_over(visitor.now),
        another_time=link_of(visitor, Purpose.RESCHEDULE),
        cancel=link_of(visitor, Purpose.CANCEL),
        prepare=link_of(visitor, Purpose.PREPARE),
        calendar=link_of(visitor, Purpose.CALENDAR),
        **wanted(visitor, asked),
        **when(visitor),
    )


def when(visitor: Visitor, session: TreatmentSession | None = None) -> dict[str, Any]:
    """Return a visit's day and time on the patient's clock; and the clinic's, if they differ."""
    starts_at, clinic = (session or visitor.session).starts_at, visitor.clinic
    local, there = visitor.local(starts_at), starts_at.astimezone(clinic.zone)
    return {
        "day": said_day(local),
        "time": f"{local:%H:%M}",
        "zone": visitor.zone_words(starts_at),
        "there": f"{said_day(there)}, {there:%H:%M}"
        if there.replace(tzinfo=None) != local.replace(tzinfo=None)
        else "",
    }


def wanted(visitor: Visitor, asked: ChangeRequest | None) -> dict[str, Any]:
    """Return the day and time that the patient asked for, on the patient's clock."""
    if asked is None or asked.wanted_at is None:
        return {"wanted_day": "", "wanted_time": ""}
    return {
        "wanted_day": visitor.day(asked.wanted_at),
        "wanted_time": f"{visitor.local(asked.wanted_at):%H:%M}",
    }


def prepare(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    monitoring = visitor.session.course.protocol.monitoring
    food, fluids = monitoring.predose_food_minutes, monitoring.predose_fluids_minutes
    last = Preparation.objects.filter(
        treatment_session=visitor.session, schedule_rev=visitor.session.schedule_rev
    ).first()
    initial = {n: getattr(last, n) for n in ("ride", "ride_by", "fasting")} if last else {}
    form = PrepareForm(
        request.POST if request.method == "POST" else None,
        initial=initial,
        asks_fasting=bool(food or fluids),
    )
    if form.is_valid():
        visits.prepare(visitor.message, Prepared(**form.cleaned_data))
        return again(request, "?at=done")
    return show(
        request,
        "prepare",
        visitor,
        form=form,
        last=last,
        is_done=request.GET.get("at") == "done" and last is not None,
        food_at=minutes_before(visitor, food) if food else None,
        fluids_at=minutes_before(visitor, fluids) if fluids else None,
        needs_escort=monitoring.escort_required,
        back=link_of(visitor, Purpose.VISIT),
        **when(visitor),
    )


def calendar(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    if FILE not in request.GET:
        back = link_of(visitor, Purpose.VISIT)
        return show(request, "calendar", visitor, back=back, **when(visitor))
    response = HttpResponse(visitor.calendar_file, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return private(response)
