"""The questions before a dose, what each answer stops, and where that is from: read from data.

The answer that passes is first. Which questions a visit asks, with which numbers, comes from the
protocol's monitoring template and the clinic's policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from clinic.provenance import Certainty, Source
from monitoring.knowledge import rows
from monitoring.readings import Settings

Level = Literal["", "reason", "justification", "absolute"]
"""What lets treatment go on after this answer: nothing is needed, a prescriber's reason, a
prescriber's written justification, nobody."""

PDMP = "pdmp"
HOUR = 60


@dataclass(frozen=True, slots=True)
class Choice:
    answer: str
    words: str
    stop: Level = ""
    stopped: str = ""  # what the stop is called; otherwise the question's own words
    safety_plan: bool = False  # going on needs a safety plan on record


@dataclass(frozen=True, slots=True)
class Question:
    code: str
    words: str
    choices: tuple[Choice, ...]
    source: Source
    setting: str = ""  # the setting that turns it off when empty, and fills {period}

    @property
    def passes(self) -> str:
        """Return the stored answer that lets the dose pass."""
        return self.choices[0].answer

    def choice(self, answer: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.answer == answer), None)

    def told(self, answer: str) -> str:
        found = self.choice(answer)
        return found.words if found else "not answered"

    def asked_with(self, settings: Settings) -> str:
        """Return its words with the protocol's number in them."""
        if "{period}" not in self.words:
            return self.words
        return self.words.format(period=period(getattr(settings, self.setting)))


def period(minutes: int) -> str:
    """Say a number of minutes: "30 minutes", "1 hour", "2 hours"."""
    if minutes % HOUR:
        return f"{minutes} minutes"
    hours = minutes // HOUR
    return "hour" if hours == 1 else f"{hours} hours"


def _source(row: Mapping[str, Any]) -> Source:
    return Source(row["source"], Certainty(row["certainty"]))


def _question(row: Mapping[str, Any]) -> Question:
    return Question(
        row["code"],
        row["words"],
        tuple(Choice(**choice) for choice in row["choices"]),
        _source(row),
        row.get("setting", ""),
    )


QUESTIONS = {row["code"]: _question(row) for row in rows("predose_questions")}
PRIVATE = {
    row["code"]: Choice(row["code"], row["words"], row.get("stop", ""), row.get("stopped", ""))
    for row in rows("private_answers")
}
"""The answers to the private question of pregnancy."""


def asked(settings: Settings, *, pdmp: bool) -> dict[str, str]:
    """Return the questions of a visit, each with the words it is asked in."""
    found = {}
    for code, question in QUESTIONS.items():
        wanted = pdmp if code == PDMP else getattr(settings, question.setting, True)
        if wanted:
            found[code] = question.asked_with(settings)
    return found
