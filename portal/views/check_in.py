"""The follow-up, one group of questions at a time."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from portal.forms import PARTS
from portal.models import CheckIn
from portal.services import checking_in
from portal.views.pages import again, show
from portal.visitor import Visitor

HELP, DONE = "help", "done"


def check_in(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    answers = checking_in.latest(visitor.message)
    if request.method == "POST" and request.POST.get("part") in PARTS:
        return _keep(request, visitor, answers)
    at = _at(request.GET.get("at", ""), answers)
    if at in {HELP, DONE}:
        return _show(request, visitor, f"check_in_{at}", answers, next=_next(answers))
    return _ask(request, visitor, answers, at, PARTS[at](initial=answers.get(at)))


def _at(wanted: str, answers: dict[str, Any]) -> str:
    """Return the page that is wanted if there is one; else help, the first open group, thanks."""
    is_done, is_at_risk = checking_in.is_done(answers), checking_in.is_at_risk(answers)
    there = {*PARTS, *([DONE] if is_done else []), *([HELP] if is_at_risk else [])}
    if wanted in there:
        return wanted
    if is_done:
        return DONE
    return HELP if is_at_risk else _next(answers)


def _keep(request: HttpRequest, visitor: Visitor, answers: dict[str, Any]) -> HttpResponse:
    part = request.POST["part"]
    form = PARTS[part](request.POST)
    if not form.is_valid():
        return _ask(request, visitor, answers, part, form)
    checking_in.record(visitor.message, part, form.cleaned_data)
    answers[part] = form.cleaned_data
    if part == CheckIn.Part.MOOD and checking_in.is_at_risk(answers):
        return again(request, f"?at={HELP}")
    following = list(PARTS)[list(PARTS).index(part) + 1 :]
    return again(request, f"?at={following[0] if following else DONE}")


def risk_told_late(request: HttpRequest, visitor: Visitor) -> HttpResponse | None:
    """Hear a risk that was typed before the link ended, and show where help is; else nothing."""
    if request.method != "POST" or request.POST.get("part") != CheckIn.Part.MOOD:
        return None
    form = PARTS[CheckIn.Part.MOOD](request.POST)
    form.full_clean()
    answers: dict[str, Any] = {CheckIn.Part.MOOD: form.cleaned_data}
    if not checking_in.is_at_risk(answers):
        return None
    checking_in.record_risk(visitor.message, form.cleaned_data)
    return show(request, "check_in_help", visitor, is_at_risk=True)


def _next(answers: dict[str, Any]) -> str:
    """Return the first group without an answer; the last one when all have theirs."""
    return next((part for part in PARTS if part not in answers), list(PARTS)[-1])


def _ask(
    request: HttpRequest, visitor: Visitor, answers: dict[str, Any], part: str, form: Any
) -> HttpResponse:
    number = list(PARTS).index(part)
    return _show(
        request,
        visitor,
        "check_in",
        answers,
        form=form,
        part=part,
        number=number + 1,
        total=len(PARTS),
        back=f"?at={list(PARTS)[number - 1]}" if number else "",
    )


def _show(
    request: HttpRequest, visitor: Visitor, template: str, answers: dict[str, Any], **values: Any
) -> HttpResponse:
    return show(request, template, visitor, is_at_risk=checking_in.is_at_risk(answers), **values)
