from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clinic.access import staff
from clinic.models import Clinic
from desk import board as boards
from desk import polling, pulse
from desk.board import Mode
from desk.views.here import clinic_here


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    clinic = clinic_here(request)
    beat = pulse.read(clinic)
    return _render(request, "desk/board.html", clinic, beat)


@polling.polled
@require_GET
def board_poll(request: HttpRequest) -> HttpResponse:
    """Answer 304 in one query of the clinic's rows, or the whole board anew."""
    clinic = clinic_here(request)
    beat = pulse.read(clinic)
    state = boards.state(beat, clinic, staff(request), _mode(request))
    if polling.still_holds(request.headers.get("If-None-Match", ""), state, beat.now):
        return HttpResponseNotModified()
    return _render(request, "desk/_board.html", clinic, beat)


def _render(request: HttpRequest, template: str, clinic: Clinic, beat: pulse.Pulse) -> HttpResponse:
    mode = _mode(request)
    shown = boards.load(clinic, staff(request), beat, mode)
    context = {"board": shown, "now": beat.now, "mode": mode, "wall": mode.wall, "key": uuid4()}
    return render(request, template, context)


def _mode(request: HttpRequest) -> Mode:
    return Mode(
        wall="wall" in request.GET, everyone="all" in request.GET, mine="mine" in request.GET
    )
