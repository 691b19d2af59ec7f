"""The Hunter criteria for serotonin toxicity (Dunkley 2003, QJM 96:635) over what was examined.

Pure. Each sign is present, absent or not examined (None). The criteria hold no negation, so strong
Kleene logic over their ways is exact: it leaves open only what some unexamined sign can change.
What was decided where the paper is silent:

- Without exposure the criteria don't apply, which is not a negative.
- Unknown exposure is never negative and never positive: whatever the signs say, one of the two
  possible answers is “not applicable”. Where the signs meet a criterion it calls for help all the
  same, until somebody rules the exposure out.
- Fever is a temperature over 38.0 °C; exactly 38.0 is none.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from clinic.provenance import Certainty, Source

SIGNS = (
    "spontaneous_clonus",
    "inducible_clonus",
    "ocular_clonus",
    "agitation",
    "diaphoresis",
    "tremor",
    "hyperreflexia",
    "hypertonia",
)
FEVER, EXPOSED = "temperature", "exposed"
FEVER_OVER = Decimal("38.0")  # °C
SOURCE = Source("clinical reference 7 (Dunkley 2003, QJM 96:635)", Certainty.READ)


class Verdict(StrEnum):
    POSITIVE = "positive"
    NEGATIVE = "negative"
    INDETERMINATE = "indeterminate"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Exam:
    """What is known of one moment; ValueError for what is neither known nor unknown."""

    exposed: bool | None = None
    spontaneous_clonus: bool | None = None
    inducible_clonus: bool | None = None
    ocular_clonus: bool | None = None
    agitation: bool | None = None
    diaphoresis: bool | None = None
    tremor: bool | None = None
    hyperreflexia: bool | None = None
    hypertonia: bool | None = None
    temperature: Decimal | float | None = None

    def __post_init__(self) -> None:
        said = [getattr(self, name) for name in (EXPOSED, *SIGNS)]
        if not all(value is None or isinstance(value, bool) for value in said):
            raise ValueError("A sign is present, absent or unknown.")
        degrees = self.temperature
        if degrees is not None and (
            isinstance(degrees, bool) or not math.isfinite(degrees) or not 30 <= degrees <= 44
        ):
            raise ValueError("A temperature is 30 to 44 °C, or unknown.")

    @property
    def signs(self) -> dict[str, bool | None]:
        """Return every sign of the criteria, fever under the name of its measure."""
        fever = None if self.temperature is None else self.temperature > FEVER_OVER
        return {**{name: getattr(self, name) for name in SIGNS}, FEVER: fever}


@dataclass(frozen=True, slots=True)
class Criterion:
    """Met when all signs of one of its ways are present."""

    code: str
    words: str
    ways: tuple[frozenset[str], ...]

    def value(self, signs: Mapping[str, bool | None]) -> bool | None:
        return _any(_all(signs[name] for name in way) for way in self.ways)


def _ways(*ways: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(way.split()) for way in ways)


CRITERIA = (
    Criterion("spontaneous_clonus", "Spontaneous clonus", _ways("spontaneous_clonus")),
    Criterion(
        "inducible_clonus",
        "Inducible clonus with agitation or sweating",
        _ways("inducible_clonus agitation", "inducible_clonus diaphoresis"),
    ),
    Criterion(
        "ocular_clonus",
        "Ocular clonus with agitation or sweating",
        _ways("ocular_clonus agitation", "ocular_clonus diaphoresis"),
    ),
    Criterion("tremor", "Tremor with hyperreflexia", _ways("tremor hyperreflexia")),
    Criterion(
        "hypertonia",
        "Raised muscle tone, over 38.0 °C, with ocular or inducible clonus",
        _ways("hypertonia temperature ocular_clonus", "hypertonia temperature inducible_clonus"),
    ),
)


@dataclass(frozen=True, slots=True)
class Result:
    verdict: Verdict
    met: tuple[Criterion, ...] = ()
    keeps_open: tuple[str, ...] = ()  # not examined, and able to change the verdict
    has_signs: bool = False

    @property
    def calls_for_help(self) -> bool:
        """Whether a criterion is met and exposure is not ruled out."""
        return bool(self.met) and self.verdict != Verdict.NOT_APPLICABLE

    @property
    def shows_emergency(self) -> bool:
        return self.calls_for_help or (self.verdict == Verdict.INDETERMINATE and self.has_signs)


def judge(exam: Exam) -> Result:
    signs = exam.signs
    met = tuple(criterion for criterion in CRITERIA if criterion.value(signs))
    has_signs = any(value is True for value in signs.values())
    if exam.exposed is False:
        return Result(Verdict.NOT_APPLICABLE, met, (), has_signs)
    keeps_open = () if met else _keeps_open(signs)
    if exam.exposed is None:
        return Result(Verdict.INDETERMINATE, met, (EXPOSED, *keeps_open), has_signs)
    if met:
        return Result(Verdict.POSITIVE, met, (), has_signs)
    verdict = Verdict.INDETERMINATE if keeps_open else Verdict.NEGATIVE
    return Result(verdict, (), keeps_open, has_signs)


def _keeps_open(signs: Mapping[str, bool | None]) -> tuple[str, ...]:
    """Return the unexamined signs of the shortest ways that are left, in the order of the exam.

    A way that contains another one adds nothing: its further signs make no difference.
    """
    ways = [way for criterion in CRITERIA for way in criterion.ways]
    left = {
        frozenset(name for name in way if signs[name] is None)
        for way in ways
        if _all(signs[name] for name in way) is None
    }
    shortest = [way for way in left if not any(other < way for other in left)]
    return tuple(name for name in signs if any(name in way for way in shortest))


def _all(values: Iterable[bool | None]) -> bool | None:
    """Return the strong Kleene conjunction."""
    known = set(values)
    return False if False in known else None if None in known else True


def _any(values: Iterable[bool | None]) -> bool | None:
    """Return the strong Kleene disjunction."""
    known = set(values)
    return True if True in known else None if None in known else False
