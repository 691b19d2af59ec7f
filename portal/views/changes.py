"""Another time, a new one after a missed visit, or calling a visit off: asked for, not done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from portal.forms import CancelForm, ChangeForm
from portal.models import ChangeRequest
from portal.services import asking, notices
from portal.services.asking import Bounds
from portal.views.pages import again, link_of, show
from portal.views.visit import wanted, when
from portal.visitor import Visitor, said_day
from reminders.links import Purpose
from sessions.lifecycle import Status
from sessions.models import TreatmentSession

OFF = "off"  # posted by who wants no other time any more


@dataclass(frozen=True, slots=True)
class Day:
    """The times of one day that are offered, each with the value that its button posts."""

    words: str
    times: tuple[tuple[str, str], ...]


def another_time(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Offer times; a move that the clinic accepts unseen leads to the word of it (`overtaken`)."""
    is_rebooking = visitor.purpose == Purpose.REBOOK
    if is_rebooking and (booked := visitor.session.stand_in):
        return _booked(request, visitor, booked)
    standing = asking.open_request(visitor.message)
    if standing is not None and OFF in request.POST:
        if is_rebooking:
            asking.ask(visitor.message, visitor.purpose, kind=ChangeRequest.Kind.CANCEL)
        else:
            asking.take_back(visitor.message, visitor.purpose)
        return again(request)
    bounds = Bounds.of(visitor.session, visitor.policy, visitor.now)
    is_late = bounds.are_over(visitor.now)
    closed = standing is not None or is_late
    times = [] if closed else asking.offered(visitor.session, bounds, visitor.now)
    by_value = {value_of(moment): moment for moment in times}
    form = ChangeForm(request.POST if request.method == "POST" else None, offered=by_value)
    if standing is None and form.is_valid() and _ask(visitor, form, by_value):
        return again(request)
    return show(
        request,
        "another_time",
        visitor,
        form=form,
        asked=standing,
        is_late=is_late,
        days=_days(visitor, times),
        is_rebooking=is_rebooking,
        off=OFF,
        back=link_of(visitor, Purpose.VISIT),
        call=ChangeForm.CALL,
        **wanted(visitor, standing),
        **when(visitor),
    )


def _ask(visitor: Visitor, form: ChangeForm, times: Mapping[str, datetime]) -> ChangeRequest | None:
    """Ask for what was chosen; where that is not free any more, the form says so."""
    wanted, words = form.cleaned_data["wanted"], form.cleaned_data["words"]
    try:
        return asking.ask(
            visitor.message, visitor.purpose, wanted_at=times.get(wanted), words=words
        )
    except ValidationError:
        form.add_error("wanted", form.fields["wanted"].error_messages["invalid_choice"])
        return None


def _booked(request: HttpRequest, visitor: Visitor, session: TreatmentSession) -> HttpResponse:
    """Show the new time of a visit that was moved or missed, whoever booked it."""
    return show(
        request,
        "booked",
        visitor,
        is_missed=visitor.purpose == Purpose.REBOOK,
        is_told=not notices.obstacle(session.pk),
        **when(visitor, session),
    )


def overtaken(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Tell who opens a link of before the visit was moved or called off.

    The new time stands there for who chose it by the same mail.
    """
    if visitor.session.status == Status.CANCELLED:
        return show(request, "called_off", visitor)
    if asking.is_moved_by(visitor.message):
        return _booked(request, visitor, visitor.session)
    return show(request, "moved", visitor, is_told=not notices.obstacle(visitor.session.pk))


def cancel(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Ask to call it off; that comes before another time that was asked for."""
    standing = asking.open_request(visitor.message)
    is_asked = standing is not None and standing.kind == ChangeRequest.Kind.CANCEL
    form = CancelForm(request.POST if request.method == "POST" else None)
    if not is_asked and form.is_valid():
        asking.ask(visitor.message, Purpose.CANCEL, words=form.cleaned_data["words"])
        return again(request)
    return show(
        request,
        "cancel",
        visitor,
        form=form,
        asked=standing,
        is_asked=is_asked,
        back=link_of(visitor, Purpose.VISIT),
        **wanted(visitor, standing),
        **when(visitor),
    )


def value_of(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%MZ}"


def _days(visitor: Visitor, times: list[datetime]) -> list[Day]:
    by_day: dict[str, list[tuple[str, str]]] = {}
    for moment in times:
        local = visitor.local(moment)
        by_day.setdefault(said_day(local), []).append((value_of(moment), f"{local:%H:%M}"))
    return [Day(words, tuple(found)) for words, found in by_day.items()]
