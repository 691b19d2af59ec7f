"""The follow-up, one group of questions at a time; and questionnaires, which wait for the visit."""

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
    at = request.GET.get("at", "")
    if at == HELP or (at not in PARTS and checking_in.is_at_risk(answers)):
        at = HELP
    if checking_in.is_done(answers) and at not in {HELP, *PARTS}:
        at = DONE
    if at in {HELP, DONE}:
        return _show(request, visitor, f"check_in_{at}", answers, next=_next(answers))
    part = at if at in PARTS else _next(answers)
    form = PARTS[part](initial=answers.get(part))
    return _ask(request, visitor, answers, part, form)


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


def questionnaire(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    return show(request, "questionnaire", visitor)
