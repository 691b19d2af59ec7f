"""A signature that was drawn: the path of an SVG drawing, held to a small grammar; pure."""

import re

from django.core.exceptions import ValidationError

WIDTH, HEIGHT = 600, 200
MOST_CHARACTERS = 20_000
FEWEST_POINTS = 8  # a tap or a dot is no signature

_STROKE = r"M\d{1,3} \d{1,3}(?:L\d{1,3} \d{1,3})*"
_PATH = re.compile(rf"(?:{_STROKE})+", re.ASCII)
_POINT = re.compile(r"[ML](\d{1,3}) (\d{1,3})", re.ASCII)


def clean(path: str) -> str:
    """Return the path, empty when nothing was drawn; refuse anything but strokes on the pad."""
    text = path.strip()
    if not text:
        return ""
    if len(text) > MOST_CHARACTERS:
        raise ValidationError("The drawing is too long. Clear it and sign again.", code="long")
    if not _PATH.fullmatch(text):
        raise ValidationError("The drawing can't be read. Clear it and sign again.", code="path")
    points = [(int(x), int(y)) for x, y in _POINT.findall(text)]
    if any(x > WIDTH or y > HEIGHT for x, y in points):
        raise ValidationError("The drawing leaves the field. Clear it and sign again.", code="out")
    if len(set(points)) < FEWEST_POINTS:
        raise ValidationError("Sign with more than a dot, or leave the field empty.", code="dot")
    return text
