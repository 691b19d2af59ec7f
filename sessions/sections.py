"""A record in words, for a page: sections of facts, each with its label."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    text: str
    stands_out: bool = False  # unusual: a stop, an override, something outside the gate


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    facts: tuple[Fact, ...]
    none: str = ""  # what to say where there is no fact
