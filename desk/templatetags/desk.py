from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from html import escape

from django import template
from django.utils.safestring import SafeString

from clinic.numbers import plain
from clinic.templatetags import ui
from desk.seats import Seat
from desk.values import Value
from reminders.models import Message
from sessions.covered import check_words, waste_words
from sessions.models import DoseCheck, DoseWaste

register = template.Library()
MESSAGE_STATES = {  # the colours of a session's states, and an icon
    "planned": ("planned", "calendar"),
    "sending": ("dosing", "mail"),
    "sent": ("ready", "check"),
    "failed": ("overdue", "warning"),
    "suppressed": ("done", "cross"),
    "expired": ("ended", "clock"),
    "cancelled": ("done", "cross"),
    "held": ("hold", "pause"),
    "dismissed": ("done", "check-circle"),
}
OUT = ' class="out"'


@register.simple_tag(takes_context=True)
def distance(context: template.Context, at: datetime, late: bool = False) -> SafeString:
    """Show only how far away a moment is; it ticks in the browser."""
    return ui.distance(context, at, "rel is-late" if late else "rel")


@register.simple_tag(takes_context=True)
def readings(context: template.Context, values: Iterable[Value]) -> SafeString:
    """Show the newest values of a card, each beside its baseline."""
    shown = (
        f"<div><dt>{escape(value.label)}</dt><dd{OUT if value.out else ''}>{escape(value.text)}"
        f"{_beside(context, value)}</dd></div>"
        for value in values
    )
    return SafeString(f'<dl class="readings">{"".join(shown)}</dl>')


@register.simple_tag(takes_context=True)
def seat_line(context: template.Context, seat: Seat) -> SafeString:
    """Show somebody in a line: who, where, what comes next and when."""
    if context["wall"]:
        who = f"<b>{escape(seat.initials)}</b>"
    else:
        who = f'<a href="{ui.link("desk:session", seat.public_id)}">{escape(seat.name)}</a>'
    where = f"{seat.place} · {seat.next_words}" if seat.next_words else seat.place
    at = ui.clock_time(context, seat.next_at) if seat.next_at else ""
    pill = ui.state_pill(seat.pill, seat.words, drawn=False)
    return SafeString(
        f'<li><span class="grow">{who}<small>{escape(where)}</small></span>{at}{pill}</li>'
    )


@register.simple_tag
def message_pill(message: Message) -> SafeString:
    """Show the state of a message by colour, icon and word."""
    css, symbol = MESSAGE_STATES[message.state]
    words = escape(message.get_state_display())
    return SafeString(f'<span class="pill state-{css}">{ui.icon(symbol)} {words}</span>')


def _beside(context: template.Context, value: Value) -> str:
    if value.older_at:
        return f'<span class="delta">at {ui.clock_time(context, value.older_at)}</span>'
    return ui.delta(value.value, value.baseline)


@register.filter
def dose_check(check: DoseCheck) -> str:
    """Say the numbers of a second check, and in what they differed."""
    return check_words(check)


@register.filter
def dose_waste(row: DoseWaste) -> str:
    """Say what was opened, given and thrown away."""
    return waste_words(row)


@register.filter
def mg(value: object) -> str:
    """Write an amount without the zeros behind it: 56, 38.5."""
    return plain(Decimal(str(value)))
