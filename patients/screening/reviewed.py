"""Conditions that were looked at and say nothing about the screen, in `reviewed.json`.

A text counts only as a whole, apart from words such as "acute" or "left": anything more in it
may matter, so such a condition stays "not classified" and a person reads it.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from patients.screening.chart import ChartCondition
from patients.screening.wording import plain

FILE = Path(__file__).with_name("reviewed.json")


def is_irrelevant(row: ChartCondition) -> bool:
    return _whole().fullmatch(plain(row.text).replace(",", "")) is not None


@cache
def listed() -> dict[str, Any]:
    return dict(json.loads(FILE.read_text()))


@cache
def _whole() -> re.Pattern[str]:
    listing = listed()
    texts = [plain(each) for each in listing["texts"]]
    texts += [
        f"{plain(each)} {plain(site)}"
        for each in listing["site_texts"]
        for site in listing["sites"]
    ]
    either = "|".join(re.escape(each) for each in sorted(texts, key=len, reverse=True))
    around = "|".join(re.escape(plain(each)) for each in listing["qualifiers"])
    return re.compile(rf"(?:(?:{around}) )*(?:{either})(?: (?:{around}))*")
