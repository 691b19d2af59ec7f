"""The reviewed files of medicines: their shape, and that no name means two things."""

import re
from collections import defaultdict

from clinic.provenance import Certainty
from patients.medicines import interactions, knowledge
from patients.medicines.tokens import words_of

ATC = re.compile(r"[A-DGHJLMNPRSV](\d\d([A-Z]([A-Z](\d\d)?)?)?)?")
FILES = {
    "ingredients": "ingredients",
    "groups": "groups",
    "products": "products",
    "classes": "classes",
    "rules": "rules",
    "words": "lookalikes",
    "washouts": "washouts",
}
ROUTES = {
    *("oral", "sublingual", "buccal", "nasal", "inhaled", "topical", "ophthalmic", "otic"),
    *("transdermal", "injection", "rectal", "vaginal", "implant", "intrauterine"),
}


def test_every_row_says_where_it_is_from_and_how_sure_that_is():
    for file, key in FILES.items():
        for row in knowledge.read(file)[key]:
            source = knowledge.source_of(file, row)
            assert source.text
            assert source.certainty in Certainty


def test_every_row_has_a_code_or_says_why_not():
    for file in ("ingredients", "products"):
        for row in knowledge.read(file)[file]:
            assert bool(row["atc"]) != bool(row.get("no_atc")), row["name"]
            assert all(ATC.fullmatch(code) for code in row["atc"]), row["name"]


def test_no_name_stands_for_two_things():
    meanings = defaultdict(set)
    for name, named in knowledge.names():
        assert words_of(name), name
        meanings[words_of(name)].add((named.contents, named.route))
    assert {name: found for name, found in meanings.items() if len(found) > 1} == {}


def test_no_name_is_written_twice():
    names = [words_of(name) for name, _ in knowledge.names()]
    assert sorted(n for n in set(names) if names.count(n) > 1) == []


def test_no_name_is_a_word_that_says_nothing_or_history():
    single = {key[0] for key in knowledge.index() if len(key) == 1}
    assert single & knowledge.fillers() == set()
    assert single & set(knowledge.route_words()) == set()
    cues = {p[0] for w in ("not_taken", "doubt") for p in knowledge.phrases(w) if len(p) == 1}
    assert single & cues == set()


def test_every_class_and_route_is_known():
    known = set(knowledge.classes())
    for each in knowledge.ingredients().values():
        assert each.classes <= known, each.name
        assert all(classes <= known for classes in each.by_route.values()), each.name
        assert {each.route, *each.by_route} - {None} <= ROUTES, each.name
    for row in known:
        assert set(knowledge.classes()[row]["members"]) <= known


def test_every_class_has_a_medicine_and_every_rule_known_classes():
    used = set().union(
        *(each.classes.union(*each.by_route.values()) for each in knowledge.ingredients().values())
    )
    umbrellas = {row for row in knowledge.classes() if knowledge.classes()[row]["members"]}
    assert set(knowledge.classes()) - umbrellas == used
    for rule in interactions.rules():
        named = [part for part in rule.when.values() if isinstance(part, list)]
        flat = {
            c
            for part in named
            for each in part
            for c in ([each] if isinstance(each, str) else each)
        }
        assert flat <= set(knowledge.classes()), rule.id


def test_rules_have_one_id_each_and_words():
    rules = interactions.rules()
    assert len({rule.id for rule in rules}) == len(rules)
    assert all(rule.title and rule.why and rule.do for rule in rules)


def test_a_washout_is_of_a_known_class_or_ingredient():
    for row in knowledge.read("washouts")["washouts"]:
        known = knowledge.classes() if "class" in row else knowledge.ingredients()
        assert row.get("class", row.get("ingredient")) in known
        assert row["days"] > 0


def test_products_hold_known_ingredients():
    for row in knowledge.read("products")["products"]:
        assert row["ingredients"], row["name"]
        assert set(row["ingredients"]) <= set(knowledge.ingredients()), row["name"]


def test_there_are_medicines_enough():
    assert len(knowledge.read("ingredients")["ingredients"]) > 800
