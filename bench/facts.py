"""What there is to ask for in a filled database."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    sessions: list[str]  # being monitored at the clinic of the user `load`
    patients: list[str]  # of these sessions
    whose: list[str]  # what a form of these sessions says of its patient
    terms: dict[str, str]  # to search for
    middle_page: str  # of the patient list
