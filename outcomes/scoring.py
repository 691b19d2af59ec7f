"""From answers to a result; pure. A missing answer never counts as a zero.

What is alarming is flagged even on an incomplete form; a total is given only for a whole one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from outcomes.instruments import Instrument

Answers = Mapping[str, Any]  # item code to points, number or words; None is not answered


@dataclass(frozen=True, slots=True)
class Flag:
    code: str
    text: str
    asks: bool = False  # somebody has to look at it
    urgent: bool = False  # today


@dataclass(frozen=True, slots=True)
class Result:
    score: int | None
    out_of: int | None
    incomplete: bool
    flags: tuple[Flag, ...] = ()


def score(instrument: Instrument, answers: Answers, sex: str) -> Result:
    return SCORINGS[instrument.scoring](instrument, answers, sex)


def unanswered(instrument: Instrument, answers: Answers) -> list[str]:
    """Return the items that still need an answer; what an answer makes needless doesn't."""
    needless = _skipped(instrument, answers)
    return [code for code in instrument.codes if answers.get(code) is None and code not in needless]


def _skipped(instrument: Instrument, answers: Answers) -> list[str]:
    skip = instrument.settings.get("skip")
    return skip["items"] if skip and answers.get(skip["when"]) == skip["is"] else []


def _most(instrument: Instrument) -> int:
    return sum(max(points for _, points in item.options) for item in instrument.items)


def _sum(instrument: Instrument, answers: Answers, sex: str) -> Result:
    """Add points; positive from the sex's own cut, from the lower one where the sex is unknown."""
    points: dict[str, Any] = {code: answers.get(code) for code in instrument.codes}
    points |= {code: 0 for code in _skipped(instrument, answers) if points[code] is None}
    if None in points.values():
        return Result(None, _most(instrument), incomplete=True)
    total = sum(points.values())
    return Result(total, _most(instrument), False, _over_the_cut(instrument, points, total, sex))


def _over_the_cut(
    instrument: Instrument, points: Answers, total: int, sex: str
) -> tuple[Flag, ...]:
    cuts = instrument.settings["cuts"]
    known = sex in {"male", "female"}
    cut = cuts[sex if known else "lowest"]
    if total < cut:
        return ()
    why = "" if known else ", the lower limit: the chart doesn't say male or female"
    text = f"{instrument.title} is positive: {total} points, from {cut}{why}."
    first, *others = instrument.codes
    if any(points[code] for code in others):
        return (Flag("positive", text, asks=True),)
    review = "All points are from the first question: ask how much it really is."
    return (Flag("positive", text, asks=True), Flag("review", review))


def _any(instrument: Instrument, answers: Answers, sex: str) -> Result:
    """Any yes asks for the follow-up, also on an incomplete form."""
    yes = [item for item in instrument.items if answers.get(item.code)]
    flags = (Flag("positive", instrument.settings["follow_up"], asks=True),) if yes else ()
    if unanswered(instrument, answers):
        return Result(None, len(instrument.items), True, flags)
    return Result(len(yes), len(instrument.items), False, flags)


def _symptoms(instrument: Instrument, answers: Answers, sex: str) -> Result:
    """Count the symptoms that are there; the alarming one asks for help today."""
    settings = instrument.settings
    flags = []
    if answers.get(settings["alarm"]):
        flags.append(Flag("alarm", settings["alarm_text"], asks=True, urgent=True))
    if any(answers.get(code) == 2 for code in instrument.codes):
        flags.append(Flag("marked", settings["follow_up"], asks=True))
    if unanswered(instrument, answers):
        return Result(None, len(instrument.items), True, tuple(flags))
    there = sum(1 for code in instrument.codes if answers[code])
    return Result(there, len(instrument.items), False, tuple(flags))


def _limits(instrument: Instrument, answers: Answers, sex: str) -> Result:
    """Compare each value with its own upper limit; there is no total."""
    names = [item for item in instrument.items if not item.code.endswith("_upper")]
    above = []
    for item in names:
        value, limit = answers.get(item.code), answers.get(f"{item.code}_upper")
        if value is not None and limit is not None and value > limit:
            above.append(f"{item.text} {value}, above {limit}")
    flags: tuple[Flag, ...] = ()
    if above:
        text = f"{instrument.settings['follow_up']} {'; '.join(above)}."
        flags = (Flag("above", text, asks=True),)
    return Result(None, None, bool(unanswered(instrument, answers)), flags)


def _entered(instrument: Instrument, answers: Answers, sex: str) -> Result:
    """Take a total that was counted elsewhere."""
    out_of = answers.get("out_of", instrument.settings.get("out_of"))
    if unanswered(instrument, answers):
        return Result(None, out_of, incomplete=True)
    total = answers["score"]
    positive = instrument.settings.get("positive_from")
    if positive is None or total < positive:
        return Result(total, out_of, False)
    return Result(
        total, out_of, False, (Flag("positive", instrument.settings["follow_up"], asks=True),)
    )


SCORINGS: dict[str, Callable[[Instrument, Answers, str], Result]] = {
    "sum": _sum,
    "any": _any,
    "symptoms": _symptoms,
    "limits": _limits,
    "entered": _entered,
}
