"""How states, times and small drawings look: one palette and one set of words everywhere."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from clinic import whose as guard

register = template.Library()


@dataclass(frozen=True)
class State:
    css: str
    icon: str
    word: str


# The statuses of a treatment session, and what the board derives from them: ready, overdue.
STATES = {
    "planned": State("planned", "calendar", "Planned"),
    "checked_in": State("arrived", "door", "Arrived"),
    "cleared": State("cleared", "check", "Cleared"),
    "dosing": State("dosing", "drip", "Dosing"),
    "monitoring": State("monitoring", "pulse", "Monitoring"),
    "ready": State("ready", "check-circle", "Ready to leave"),
    "overdue": State("overdue", "alarm", "Overdue"),
    "discharged": State("done", "home", "Went home"),
    "transferred": State("ended", "warning", "Transferred"),
    "left_against_advice": State("ended", "leave", "Left against advice"),
    "left_before_dose": State("done", "leave", "Left before dose"),
    "no_show": State("ended", "cross", "No-show"),
    "cancelled": State("done", "cross", "Cancelled"),
    "deferred": State("hold", "pause", "On hold"),
}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon of static/img/icons.svg; without a label it is decoration."""
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}">{}</svg>', label, _drawing(name)
        )
    return _decoration(name)


@cache
def _decoration(name: str) -> SafeString:
    return format_html('<svg class="icon" aria-hidden="true">{}</svg>', _drawing(name))


@cache
def _drawing(name: str) -> SafeString:
    return format_html('<use href="{}#{}"/>', static("img/icons.svg"), name)


@register.simple_tag
def link(name: str, public_id: object = None) -> SafeString:
    """Return an address as `{% url %}` does, but look each name up once: pages have many."""
    before, after = _around(name, get_script_prefix(), public_id is not None)
    return SafeString(before if public_id is None else f"{before}{UUID(str(public_id))}{after}")


@cache
def _around(name: str, prefix: str, of_row: bool) -> tuple[str, str]:
    """Return what stands around the id of a row; `prefix` is where this process serves under."""
    nobody = UUID(int=0)
    before, _, after = reverse(name, args=[nobody] if of_row else []).partition(str(nobody))
    return before, after


@register.simple_tag
def assets() -> SafeString:
    """Name the style sheets and scripts of every page, which are put into words once."""
    return _assets()


@cache
def _assets() -> SafeString:
    return SafeString(render_to_string("includes/_assets.html"))


@register.simple_tag
def state_pill(status: str, words: str = "", *, drawn: bool = True) -> SafeString:
    """Show a state by colour, icon and word; `words` says more: "7 min overdue"."""
    state = STATES[status]
    drawing = f"{icon(state.icon)} " if drawn else ""
    shown = conditional_escape(words or state.word)
    return SafeString(f'<span class="pill state-{state.css}">{drawing}{shown}</span>')


@register.filter
def whose(patient_pk: int) -> str:
    """Return what a form says of its patient: see `clinic.whose`."""
    return guard.whose(patient_pk)


@register.filter
def state_class(status: str) -> str:
    """Return the class that gives an element and all inside it the colours of a state."""
    return f"state-{STATES[status].css}"


@register.filter
def iso(at: datetime) -> str:
    """Write a moment for scripts, in as few characters as it takes."""
    return at.isoformat().replace("+00:00", "Z")


def relative(at: datetime, now: datetime) -> str:
    """Say how far away a time is, in whole minutes: "in 12 min", "8 min ago".

    static/js/clock.js uses the same words when it ticks between refreshes.
    """
    minutes = int(abs((at - now).total_seconds()) // 60)
    if minutes == 0:
        return "now"
    return f"in {span(minutes)}" if at > now else f"{span(minutes)} ago"


def span(minutes: int) -> str:
    """Say a length of time: "45 min", "2 h 10 min", "3 days"."""
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return "1 day" if hours < 48 else f"{hours // 24} days"


@register.simple_tag(takes_context=True)
def clock_time(context: template.Context, at: datetime) -> SafeString:
    """Show a moment in the clinic's zone: "14:05", with its day unless it is today.

    The page names the zone once; in the hour that the clocks go back over, each time names its own.
    """
    zone = timezone.get_current_timezone()
    local, today = at.astimezone(zone), _now(context).astimezone(zone).date()
    days = f"{local:%a} {local.day} {local:%b %Y, %H:%M}"
    text = f"{local:%H:%M}" if local.date() == today else days
    if _comes_twice(local):
        text = f"{text} {local.tzname()}"
    return SafeString(f'<time datetime="{iso(at)}">{text}</time>')


def _comes_twice(local: datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


@register.simple_tag(takes_context=True)
def when(context: template.Context, at: datetime) -> SafeString:
    """Show a moment and how far away it is; the distance ticks in the browser."""
    shown = f"{clock_time(context, at)} {distance(context, at, 'rel')}"
    return SafeString(f'<span class="when">{shown}</span>')


@register.simple_tag(takes_context=True)
def countdown(context: template.Context, due_at: datetime, late_after: int = 5) -> SafeString:
    """Count towards a due time in large type: amber when due, red `late_after` minutes later."""
    minutes_past = (_now(context) - due_at).total_seconds() / 60
    css = "countdown"
    if minutes_past >= 0:
        css += " is-late" if minutes_past >= late_after else " is-due"
    return SafeString(
        f'<time class="{css}" datetime="{iso(due_at)}" data-rel data-due'
        f' data-late="{late_after}">{relative(due_at, _now(context))}</time>'
    )


def distance(context: template.Context, at: datetime, css: str) -> SafeString:
    return SafeString(
        f'<time class="{css}" datetime="{iso(at)}" data-rel>{relative(at, _now(context))}</time>'
    )


@register.simple_tag(takes_context=True)
def ring(context: template.Context, since: datetime, minimum: int) -> SafeString:
    """Draw minutes since a moment as a ring that fills towards the minimum."""
    minutes = max(0, int((_now(context) - since).total_seconds() // 60))
    share = min(100, round(100 * minutes / minimum)) if minimum else 100
    return SafeString(
        '<svg class="ring" viewBox="0 0 72 72" role="img"'
        f' data-since="{iso(since)}" data-minimum="{minimum}">'
        f"<title>{minutes} of {minimum} minutes</title>"
        '<circle class="ring-track" cx="36" cy="36" r="31"/>'
        '<circle class="ring-fill" cx="36" cy="36" r="31" pathLength="100"'
        f' stroke-dasharray="{share} 100" transform="rotate(-90 36 36)"/>'
        f'<text class="ring-value" x="36" y="41">{minutes}</text>'
        f'<text class="ring-of" x="36" y="54">of {minimum}</text></svg>'
    )


@register.simple_tag(takes_context=True)
def now_iso(context: template.Context) -> str:
    """Return the server's time for scripts that tick."""
    return iso(_now(context))


@register.simple_tag(takes_context=True)
def zone_label(context: template.Context) -> str:
    """Name the current zone: "CET"."""
    return timezone.localtime(_now(context)).tzname() or ""


@register.filter
def delta(value: int | None, baseline: int | None) -> SafeString | str:
    """Show a change from the baseline as an arrow and a number; nothing where one is missing."""
    if value is None or baseline is None:
        return ""
    change = value - baseline
    if change == 0:
        return SafeString('<span class="delta">= baseline</span>')
    arrow, side, sign = ("↑", "up", "+") if change > 0 else ("↓", "down", "−")
    return SafeString(f'<span class="delta is-{side}">{arrow} {sign}{abs(change)}</span>')


def _now(context: template.Context) -> datetime:
    """Return the page's moment: a view that passes `now` gets one clock for the whole page."""
    return context.get("now") or timezone.now()
