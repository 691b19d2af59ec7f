"""Phone numbers in a clinic's own words become links that call them."""

import re

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

# Between two digits; what says that it is round the clock is no part of a number.
GAP = r"(?:[ \u00a0\u2011-](?!24(?:/7| ?h))|/(?=[0-9]{4}))?"
AREA = rf"(?:\+?[0-9]{{1,4}}{GAP})?\([0-9]{{1,5}}\){GAP}"
LONG = rf"(?:{AREA}[0-9](?:{GAP}[0-9]){{4,12}}|\+?[0-9](?:{GAP}[0-9]){{5,14}})"
# Emergency numbers: 112, 911, 988, 024; but not 365 days.
SHORT = r"(?<![-)])(?:(?<![0-9][ \u00a0])|(?<=24/7[ \u00a0]))[019][0-9]{2}"
NUMBER = re.compile(rf"(?<![\w+])(?<![0-9][/.:,])(?:{LONG}|{SHORT})(?!-?\w|[/.:,][0-9]|{GAP}[0-9])")


@register.filter
def callable_numbers(text: str, style: str = "") -> SafeString:
    """Return the words, escaped, with a link around each phone number; mails give its style.

    A number has six digits or more, or is one of three that stands alone. What may be something
    else stays text: a wrong number helps nobody.
    """
    look = format_html(' style="{}"', style) if style else ""
    parts: list[tuple[str | SafeString]] = []
    end = 0
    for found in NUMBER.finditer(str(text)):
        parts.append((escape(text[end : found.start()]),))
        parts.append(
            (format_html('<a href="tel:{}"{}>{}</a>', _dialled(found[0]), look, found[0]),)
        )
        end = found.end()
    parts.append((escape(text[end:]),))
    return format_html_join("", "{}", parts)


def _dialled(number: str) -> str:
    """Return what a phone dials: after a country's number the zero in brackets is left out."""
    if number.startswith("+"):
        return "+" + re.sub("[^0-9]", "", number.replace("(0)", ""))
    return re.sub("[^0-9]", "", number)
