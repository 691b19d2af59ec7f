"""What a text was understood to say."""

from dataclasses import dataclass
from enum import StrEnum

from patients.medicines.knowledge import Ingredient

LOCAL = frozenset({"topical", "ophthalmic", "otic", "vaginal", "intrauterine"})
_ATC_OF = {
    "nasal": ("R01",),
    "inhaled": ("R03",),
    "ophthalmic": ("S01", "S03"),
    "otic": ("S02", "S03"),
    "topical": ("D", "M02", "C05"),
    "vaginal": ("G01", "G02", "G03"),
    "rectal": ("C05", "A06AG"),
}
_ATC_LOCAL = ("R01", "R03A", "R03B", "S01", "S02", "S03", "D0", "D1", "M02", "C05", "G01", "R02")


class Doubt(StrEnum):
    """Why a person has to look."""

    EMPTY = "empty"
    UNKNOWN = "unknown"  # words that nothing is known of
    NOT_TAKEN = "not_taken"  # history, allergy, negation, plan
    ALTERNATIVE = "alternative"  # "or", "unsure"
    ROUTE = "route"  # what it does depends on the route, which isn't stated
    CLASS = "class"  # a class of medicines, not one
    PRODUCT = "product"  # a remedy's name with a word that often stands for more ingredients
    CONFLICT = "conflict"  # the name and the brand in brackets are different medicines


@dataclass(frozen=True, slots=True)
class Unresolved:
    text: str
    doubt: Doubt
    why: str


@dataclass(frozen=True, slots=True)
class Taken:
    """One ingredient as this text has it."""

    ingredient: Ingredient
    route: str | None
    route_from: str  # stated, product, usual, unknown
    words: str  # that were read
    how: str  # name, other name, brand, product, class, near miss

    @property
    def name(self) -> str:
        return self.ingredient.name

    @property
    def classes(self) -> frozenset[str]:
        """Say what it acts as by this route; on skin and eyes only what is known for the route."""
        if self.route and self.route in self.ingredient.by_route:
            return self.ingredient.by_route[self.route]
        return frozenset() if self.route in LOCAL else self.ingredient.classes

    @property
    def atc(self) -> tuple[str, ...]:
        """The codes for this route, or all of them."""
        codes, wanted = self.ingredient.atc, _ATC_OF.get(self.route or "")
        if wanted:
            fitting = [code for code in codes if code.startswith(wanted)]
        elif self.route:
            fitting = [code for code in codes if not code.startswith(_ATC_LOCAL)]
        else:
            fitting = []
        return tuple(fitting) or codes

    @property
    def needs_route(self) -> bool:
        return self.route is None and bool(self.ingredient.by_route)


@dataclass(frozen=True, slots=True)
class Reading:
    text: str
    taken: tuple[Taken, ...] = ()
    product_atc: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()  # how a doubtful word was read
    unresolved: tuple[Unresolved, ...] = ()
    former: tuple[str, ...] = ()  # named as stopped or earlier, still taken into account or not

    @property
    def is_understood(self) -> bool:
        return not self.unresolved

    @property
    def classes(self) -> frozenset[str]:
        return frozenset().union(*(each.classes for each in self.taken))
