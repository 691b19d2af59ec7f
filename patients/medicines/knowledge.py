"""What is known of medicines: the reviewed files in `data/`, read once."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from clinic.provenance import Certainty, Source
from patients.medicines.tokens import words_of

DATA = Path(__file__).parent / "data"
Key = tuple[str, ...]  # the words of a name


@dataclass(frozen=True, slots=True)
class Ingredient:
    name: str  # INN where there is one
    atc: tuple[str, ...]
    classes: frozenset[str]
    route: str | None  # the usual one; None where it must be stated
    by_route: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_class: bool = False  # a word for a class, such as "benzodiazepine"


@dataclass(frozen=True, slots=True)
class Named:
    """What a name stands for: one ingredient, or every ingredient of a product."""

    name: str
    ingredients: tuple[Ingredient, ...]
    how: str  # name, other name, brand, product, class
    route: str | None = None  # of a product
    atc: tuple[str, ...] = ()  # of a product

    @property
    def contents(self) -> frozenset[str]:
        return frozenset(each.name for each in self.ingredients)


@cache
def read(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def source_of(file: str, row: Mapping[str, Any]) -> Source:
    return Source(read(file)["sources"][row["source"]], Certainty(row["certainty"]))


@cache
def ingredients() -> Mapping[str, Ingredient]:
    rows = [*read("ingredients")["ingredients"], *read("groups")["groups"]]
    return MappingProxyType({row["name"]: _ingredient(row) for row in rows})


def _ingredient(row: dict[str, Any]) -> Ingredient:
    by_route = {route: frozenset(each) for route, each in row.get("by_route", {}).items()}
    is_class = "atc" not in row
    return Ingredient(
        name=row["name"],
        atc=tuple(row.get("atc", ())),
        classes=frozenset(row["classes"]),
        route=row.get("route"),
        by_route=MappingProxyType(by_route),
        is_class=is_class,
    )


def names() -> Iterator[tuple[str, Named]]:
    """Every name with what it stands for; a test sees that none stands for two things."""
    known = ingredients()
    for row in read("ingredients")["ingredients"]:
        one = (known[row["name"]],)
        yield row["name"], Named(row["name"], one, "name")
        yield from ((each, Named(row["name"], one, "other name")) for each in row["synonyms"])
        yield from ((each, Named(each, one, "brand")) for each in row["brands"])
    for row in read("groups")["groups"]:
        for each in (row["name"], *row["synonyms"]):
            yield each, Named(row["name"], (known[row["name"]],), "class")
    for row in read("products")["products"]:
        inside = tuple(known[name] for name in row["ingredients"])
        product = Named(row["name"], inside, "product", row["route"], tuple(row["atc"]))
        yield from ((each, product) for each in (row["name"], *row["other_names"]))


@cache
def index() -> Mapping[Key, Named]:
    return MappingProxyType({words_of(name): named for name, named in names()})


@cache
def longest_name() -> int:
    return max(map(len, index()))


@cache
def classes() -> Mapping[str, dict[str, Any]]:
    return MappingProxyType({row["id"]: row for row in read("classes")["classes"]})


@cache
def members(class_id: str) -> frozenset[str]:
    """The class itself and, of an umbrella, all its members."""
    return frozenset({class_id, *classes()[class_id]["members"]})


@cache
def fillers() -> frozenset[str]:
    """Words that say nothing about which medicine it is."""
    return frozenset(read("words")["fillers"])


@cache
def added() -> frozenset[str]:
    """Words that make another product of a remedy's name, such as "night" or "plus"."""
    return frozenset(read("words")["added"])


@cache
def remedies() -> frozenset[str]:
    """Ingredients of remedies against pain, colds and allergy, whose names are used for many."""
    return frozenset(read("words")["remedies"])


@cache
def salts() -> frozenset[str]:
    return frozenset(read("words")["salts"])


@cache
def route_words() -> Mapping[str, str]:
    """Each word with its route; the first routes of the file win over later ones."""
    pairs = [(w, row["route"]) for row in read("words")["routes"] for w in row["words"]]
    return MappingProxyType(dict(reversed(pairs)))


@cache
def route_order() -> tuple[str, ...]:
    return tuple(row["route"] for row in read("words")["routes"])


@cache
def phrases(name: str) -> frozenset[Key]:
    """`not_taken` or `doubt`, at which a person has to look, or what `cues` weighs around them."""
    return frozenset(tuple(each.split()) for each in read("words")[name])


@cache
def _washouts() -> Mapping[str, int]:
    """Days by class or by ingredient."""
    rows = read("washouts")["washouts"]
    return {row.get("class") or row["ingredient"]: row["days"] for row in rows}


def washout(ingredient: Ingredient) -> int:
    """Return for how many days after the last dose an ingredient still counts; 0: no rule."""
    acts_as = ingredient.classes.union(*ingredient.by_route.values())
    return max(_washouts().get(each, 0) for each in (ingredient.name, *acts_as))


def long_past() -> int:
    """Return a year so long past that whatever was stopped in it acts no more."""
    return int(read("washouts")["long_past"]["year"])


@cache
def lookalikes() -> frozenset[tuple[str, str]]:
    """Pairs of single words that are mistaken for each other, both ways."""
    rows = [[words_of(name) for name in row["names"]] for row in read("words")["lookalikes"]]
    pairs = ((one[0], other[0]) for row in rows for one in row for other in row)
    return frozenset(pair for pair in pairs if pair[0] != pair[1])
