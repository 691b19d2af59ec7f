from datetime import datetime
from decimal import Decimal

from django import template
from django.utils.safestring import SafeString

from clinic.templatetags import ui

register = template.Library()


@register.simple_tag(takes_context=True)
def distance(context: template.Context, at: datetime, late: bool = False) -> SafeString:
    """Show only how far away a moment is; it ticks in the browser."""
    return ui.distance(context, at, "rel is-late" if late else "rel")


@register.filter
def mg(value: object) -> str:
    """Write an amount without the zeros behind it: 56, 38.5."""
    return f"{Decimal(str(value)).normalize():f}"
