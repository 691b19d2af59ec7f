"""Where a number or a rule comes from, and how sure that is; every clinical setting says so."""

from typing import NamedTuple

from django.db import models

PROPOSAL = "Taper's proposal, each clinic decides"


class Certainty(models.TextChoices):
    READ = "read", "Read in the named source"
    UNVERIFIED = "unverified", "Common knowledge, not verified in a source"
    PROPOSED = "proposed", "Taper's proposal: no source gives it, each clinic decides"


class Source(NamedTuple):
    text: str  # a section of the clinical reference and, in brackets, the publication
    certainty: Certainty

    def __str__(self) -> str:
        is_proposed = self.certainty is Certainty.PROPOSED
        return f"{self.text}. {PROPOSAL if is_proposed else self.certainty.label}."
