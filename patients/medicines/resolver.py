"""From a text as other systems write it to ingredients and route.

Every word is accounted for: it is part of a known name, or says nothing about which medicine it
is (strength, form, salt, frequency), or stays unresolved. Nothing unknown is ever taken as safe.
"""

from collections.abc import Iterable
from functools import lru_cache

from patients.medicines import cues, endings, knowledge, near
from patients.medicines.cues import Match
from patients.medicines.knowledge import Named
from patients.medicines.reading import Doubt, Reading, Taken, Unresolved
from patients.medicines.tokens import Token, tokens_of

LONGEST = 600  # characters that are read; a chart row has 300
_WHERE = frozenset({"nasal", "inhaled", "ophthalmic", "otic", "topical"})
_ENDINGS = frozenset(
    {"x", "times", "time", "tablet", "tablets", "tab", "tabs", "caps", "mg", "mcg"}
)
_FORMS = frozenset({"tablet", "capsule", "solution", "suspension", "injection", "spray", "patch"})


@lru_cache(maxsize=4096)
def resolve(text: str) -> Reading:
    """Read one line of a medication list."""
    tokens = tokens_of(cues.spelled_out(text[:LONGEST]))
    if not any(token.text.isalnum() for token in tokens):
        return Reading(text, unresolved=(Unresolved(text, Doubt.EMPTY, "Nothing is written."),))
    treats = cues.treated(tokens)
    matches = _matches(tokens, treats) or _matches(tokens, treats := set())
    said = cues.phrase_positions(tokens, matches, "not_taken")
    uncertain, missed = [], set()
    for position in _left_over(tokens, matches, said | treats):
        named = near.nearest(tokens[position].text)
        if named is not None:
            matches.append((position, position + 1, named))
            missed.add(position)
            read_as = named.name if named.how == "product" else named.ingredients[0].name
            uncertain.append(f"{tokens[position].text} read as {read_as}")
    unknown = _left_over(tokens, matches, said | treats)
    stated = _stated_route(tokens, matches)
    out = cues.left_out(tokens, matches) if said else []
    lasting = cues.may_still_act(text, out)
    gone = [match for match, _ in out if match not in lasting]
    former = cues.once_taken(tokens, matches, out) if said else []
    matches = [match for match in matches if match not in gone]
    taken, doubts = _taken(tokens, sorted(matches, key=lambda m: m[0]), stated, missed)
    if said:
        doubts.insert(0, _not_taken(text, gone, [m for m in former if m not in gone]))
    if len(text) > LONGEST:
        doubts.append(Unresolved(text[LONGEST:], Doubt.UNKNOWN, "Too long to be read."))
    brands = [p for p in unknown if tokens[p].bracketed]
    if brands and _names_all(tokens, matches):
        uncertain += [f"brand {tokens[p].text} is not known" for p in brands]
        unknown = [p for p in unknown if p not in brands]
    doubts += [_unknown(words) for words in _runs(tokens, unknown)]
    if not taken and not doubts:
        doubts.append(Unresolved(text, Doubt.UNKNOWN, "It names no medicine."))
    if cues.phrase_positions(tokens, matches, "doubt"):
        doubts.append(Unresolved(text, Doubt.ALTERNATIVE, "It doesn't say for sure what is taken."))
    doubts += _other_products(tokens, matches)
    if _disagree(tokens, matches):
        doubts.append(
            Unresolved(text, Doubt.CONFLICT, "The brand in brackets is another medicine.")
        )
    atc = tuple(dict.fromkeys(code for _, _, named in matches for code in named.atc))
    once = tuple(dict.fromkeys(match[2].name for match in former))
    return Reading(text, tuple(taken), atc, tuple(uncertain), tuple(doubts), once)


def _matches(tokens: list[Token], treats: set[int]) -> list[Match]:
    """Find names, the longest first from left to right, but for what the medicine is against."""
    found, start = [], 0
    while start < len(tokens):
        match = None if start in treats else _match_at(tokens, start)
        if match:
            found.append(match)
        start = match[1] if match else start + 1
    return found


def _match_at(tokens: list[Token], start: int) -> Match | None:
    words: list[str] = []
    best: Match | None = None
    for end in range(start, min(len(tokens), start + knowledge.longest_name())):
        if tokens[end].is_separator:
            break
        words.append(tokens[end].text)
        named = knowledge.index().get(tuple(words))
        if named is None and len(words) == 1:
            named = endings.named(words[0])
        if named and not _is_a_count(tokens, end):
            best = (start, end + 1, named)
    return best if best and not _is_a_salt(tokens, best) else None


def _is_a_count(tokens: list[Token], end: int) -> bool:
    """Tell "Tylenol 3 times a day" from Tylenol 3."""
    following = tokens[end + 1].text if end + 1 < len(tokens) else ""
    return tokens[end].is_number and following in _ENDINGS


def _is_a_salt(tokens: list[Token], match: Match) -> bool:
    """Magnesium in "esomeprazole magnesium" is no medicine of its own."""
    start, end, _ = match
    if end - start > 1 or tokens[start].text not in knowledge.salts() or start == 0:
        return False
    before = tokens[start - 1]
    return not (before.is_separator or before.is_number or before.text in _JOINING)


_JOINING = frozenset({"and", "with", "plus", "w"})


def _left_over(tokens: list[Token], matches: list[Match], said: set[int]) -> list[int]:
    covered = {position for start, end, _ in matches for position in range(start, end)} | said
    ends = {end for _, end, _ in matches}
    left = []
    for position, token in enumerate(tokens):
        if position in covered or token.is_separator or token.is_number:
            continue
        if position in ends and near.is_salt(token.text):
            ends.add(position + 1)
        elif not _says_nothing(token):
            left.append(position)
    return left


def _says_nothing(token: Token) -> bool:
    word = token.text
    return word in knowledge.fillers() or word in knowledge.route_words() or word in ("?", "#")


def _not_taken(text: str, gone: list[Match], lasting: list[Match]) -> Unresolved:
    why = "It may say that it isn't taken."
    if gone:
        why = f"It seems to say that {_named(gone)} isn't taken (history, an allergy or a plan)."
    if lasting:
        why = f"{_named(lasting)}: stopped, date unknown. It counts as current until it is dated."
    return Unresolved(text, Doubt.NOT_TAKEN, why)


def _named(matches: list[Match]) -> str:
    return ", ".join(dict.fromkeys(match[2].name for match in matches))


def _stated_route(tokens: list[Token], matches: list[Match]) -> str | None:
    """Return what the words outside names say; "conflict" for two places at once."""
    covered = {position for start, end, _ in matches for position in range(start, end)}
    words = [token.text for i, token in enumerate(tokens) if i not in covered]
    routes = {knowledge.route_words()[w] for w in words if w in knowledge.route_words()}
    if "nasal" in routes and routes & {"ophthalmic", "otic"}:
        return "conflict"
    return next((route for route in knowledge.route_order() if route in routes), None)


def _taken(
    tokens: list[Token], matches: list[Match], stated: str | None, missed: set[int]
) -> tuple[list[Taken], list[Unresolved]]:
    taken: dict[str, Taken] = {}
    for start, end, named in matches:
        words = " ".join(token.text for token in tokens[start:end])
        route, route_from = _route(named, stated)
        for ingredient in named.ingredients:
            where, origin = route, route_from
            if where is None and origin == "unknown" and stated is None and named.route is None:
                where = ingredient.route
                origin = "usual" if where else "unknown"
            how = "near miss" if start in missed else named.how
            one = Taken(ingredient, where, origin, words, how)
            if _says_more(one, taken.get(ingredient.name)):
                taken[ingredient.name] = one
    found = [each for each in taken.values() if not _is_named_besides(each, taken.values())]
    return found, _doubts(found)


def _is_named_besides(one: Taken, all_taken: Iterable[Taken]) -> bool:
    """Tell the class in "venlafaxine (SNRI)", which is no second medicine."""
    return one.ingredient.is_class and any(
        one.classes <= other.classes for other in all_taken if not other.ingredient.is_class
    )


def _says_more(one: Taken, other: Taken | None) -> bool:
    """A brand in brackets may give the route that the name leaves open."""
    return other is None or (one.route_from == "product" and other.route_from != "stated")


def _route(named: Named, stated: str | None) -> tuple[str | None, str]:
    of_product = named.route if named.how == "product" else None
    if stated == "conflict" or (stated in _WHERE and of_product in _WHERE and stated != of_product):
        return None, "unknown"
    if stated and not (stated == "oral" and of_product in _WHERE):
        return stated, "stated"
    return (of_product, "product") if of_product else (None, "unknown")


def _doubts(taken: Iterable[Taken]) -> list[Unresolved]:
    doubts = []
    for each in taken:
        if each.ingredient.is_class:
            why = f"Which {each.name} it is isn't said."
            doubts.append(Unresolved(each.words, Doubt.CLASS, why))
        elif each.needs_route:
            why = f"{each.name} matters by its route, and the text doesn't say which."
            doubts.append(Unresolved(each.words, Doubt.ROUTE, why))
    return doubts


def _names_all(tokens: list[Token], matches: list[Match]) -> bool:
    """A full RxNorm name lists every ingredient before the brand."""
    before = [token.text for token in tokens if not token.bracketed]
    outside = any(not tokens[start].bracketed for start, _, _ in matches)
    return outside and bool(_FORMS.intersection(before)) and bool({"mg", "mcg", "g"} & {*before})


def _runs(tokens: list[Token], positions: list[int]) -> list[list[str]]:
    runs: list[list[str]] = []
    for before, position in zip([-2, *positions], positions, strict=False):
        if position != before + 1:
            runs.append([])
        runs[-1].append(tokens[position].text)
    return runs


def _unknown(words: list[str]) -> Unresolved:
    near_by = [name for word in words for name in near.suggestions(word)]
    why = "Not recognised."
    if near_by:
        why += f" Similar names: {', '.join(dict.fromkeys(near_by))}."
    return Unresolved(" ".join(words), Doubt.UNKNOWN, why)


def _other_products(tokens: list[Token], matches: list[Match]) -> list[Unresolved]:
    """Doubt "Delsym Night": a remedy's name with such a word often has more in it."""
    return [
        Unresolved(
            f"{named.name} {tokens[end].text}",
            Doubt.PRODUCT,
            f"It may be another product than {named.name}, with more in it.",
        )
        for _, end, named in matches
        if end < len(tokens)
        and tokens[end].text in knowledge.added()
        and named.contents <= knowledge.remedies()
        and named.how in {"brand", "product", "near miss"}
    ]


def _disagree(tokens: list[Token], matches: list[Match]) -> bool:
    inside = [m[2].contents for m in matches if tokens[m[0]].bracketed]
    outside = [m[2].contents for m in matches if not tokens[m[0]].bracketed]
    if not inside or not outside:
        return False
    return not frozenset().union(*inside) & frozenset().union(*outside)
