"""The little Markdown of consent texts as safe HTML; pure."""

import re

from django.utils.html import escape
from django.utils.safestring import SafeString

_BOLD = re.compile(r"\*\*(\S(?:.*?\S)?)\*\*")


def rendered(text: str) -> SafeString:
    """Return paragraphs, `##` headings, `-` lists and **bold**; anything else stays as typed."""
    blocks = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").strip())
    return SafeString("\n".join(part for block in blocks for part in _parts(block.split("\n"))))


def _parts(lines: list[str]) -> list[str]:
    """A heading or a list ends the paragraph before it, also without an empty line."""
    parts: list[str] = []
    run: list[str] = []
    kind = ""
    for line in [line.strip() for line in lines if line.strip()]:
        found, words = _understood(line)
        if run and (found != kind or found == "h2"):
            parts.append(_closed(kind, run))
            run = []
        kind = found
        run.append(_inline(words))
    return [*parts, _closed(kind, run)] if run else parts


def _understood(line: str) -> tuple[str, str]:
    if line.startswith("## "):
        return "h2", line[3:]
    if line.startswith("- "):
        return "ul", line[2:]
    return "p", line


def _closed(kind: str, run: list[str]) -> str:
    if kind == "ul":
        return f"<ul>{''.join(f'<li>{item}</li>' for item in run)}</ul>"
    return f"<{kind}>{'<br>'.join(run)}</{kind}>"


def _inline(words: str) -> str:
    return _BOLD.sub(r"<strong>\1</strong>", escape(words))
