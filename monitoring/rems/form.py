"""The form itself: its numbered parts, its fields, and which of the required ones are missing."""

from dataclasses import dataclass
from typing import NamedTuple

YES, NO = "Yes", "No"
ANSWERED = {"yes": YES, "no": NO}
# Newer forms ask for opioids, too: drugs that sedate, depress breathing or change blood pressure.
CLASSES = {
    "benzodiazepines": "Benzodiazepines",
    "sedative_hypnotics": "Non-benzodiazepine sedative hypnotics",
    "psychostimulants": "Psychostimulants",
    "maois": "Monoamine oxidase inhibitors (MAOIs)",
    "opioids": "Opioids",
}
CRITERIA = {
    "hospitalization": "Hospitalization",
    "disability": "Disability",
    "death": "Death",
    "life_threatening": "Life-threatening",
    "important": "Important medical event",
}
OBSERVED = {
    "sedation": "Sedation",
    "dissociation": "Dissociation",
    "respiratory": "Respiratory depression",
}


class Field(NamedTuple):
    key: str
    label: str
    value: str  # empty: missing
    origin: str = ""  # where it is from
    required: bool = False
    note: str = ""

    @property
    def is_missing(self) -> bool:
        return self.required and not self.value


class Part(NamedTuple):
    """A numbered section of the form."""

    key: str
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Form:
    parts: tuple[Part, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(found for part in self.parts for found in part.fields)

    @property
    def missing(self) -> tuple[Field, ...]:
        return tuple(found for found in self.fields if found.is_missing)

    @property
    def done(self) -> int:
        """Count the required fields that have a value."""
        return sum(found.required and bool(found.value) for found in self.fields)

    @property
    def required(self) -> int:
        return sum(found.required for found in self.fields)

    def value(self, key: str) -> str:
        return next(found.value for found in self.fields if found.key == key)

    def snapshot(self) -> list[dict[str, str]]:
        return [
            {
                "part": part.key,
                "title": part.title,
                "key": f.key,
                "label": f.label,
                "value": f.value,
            }
            for part in self.parts
            for f in part.fields
        ]
