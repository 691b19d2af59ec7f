"""Whether a screen may clear, against a second opinion; and what of a chart asks again."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.screening import standing
from patients.screening.basis import Fact, Reasks, changes, facts
from patients.screening.decision import ASKED, Answer, problems
from patients.screening.evidence import Suggestion
from patients.screening.rules import rules
from patients.screening.treatment import OFFERED, Treatment

LABEL = OFFERED["esketamine-nasal-US"]
SCREENED = date(2026, 11, 2)
ALL = Reasks()


@st.composite
def screens(draw: st.DrawFn) -> dict[str, Any]:
    """A screen that clears but for a few answers, each of them of any kind, also missing."""
    some = st.lists(st.sampled_from(sorted(rules())), max_size=4, unique=True)
    given_ = {rule: Answer("absent", "checked") for rule in rules()}
    for rule in draw(some):
        given_[rule] = Answer(
            draw(st.sampled_from(["", "absent", "present", "not_known", "yes"])),
            draw(st.sampled_from(["", " ", "because"])),
            draw(st.booleans()),
        )
    for rule in draw(some):
        given_.pop(rule, None) if draw(st.booleans()) else None
    says = st.sampled_from(["present", "possible", "not_known"])
    return {
        "treatment": draw(st.sampled_from(list(OFFERED.values()))),
        "answers": given_,
        "suggestions": {rule: Suggestion(rule, draw(says), ()) for rule in draw(some)},
        "asked": {
            what: draw(st.sampled_from(["none", "none", "listed", ""]))
            for what in ASKED
            if draw(st.integers(0, 9))
        },
        "on_chart": {what: draw(st.booleans()) for what in ASKED},
    }


def may_clear(
    treatment: Treatment,
    answers: dict[str, Answer],
    suggestions: dict[str, Suggestion],
    asked: dict[str, str],
    on_chart: dict[str, bool],
) -> bool:
    """A second opinion, written from the rules in words and not from the code."""
    for what in ("conditions", "medicines", "allergies"):
        if asked.get(what) != ("listed" if on_chart[what] else "none"):
            return False
    for name, rule in rules().items():
        if name not in answers:
            return False
        said, why = answers[name].answer, answers[name].justification.strip()
        spoken_for = name in suggestions and suggestions[name].says in ("present", "possible")
        if said == "absent":
            if spoken_for and why == "":
                return False
        elif said in ("present", "not_known"):
            grade = rule.level_for(treatment).level
            if grade == "absolute":
                return False
            if grade == "relative" and why == "":
                return False
            if grade == "caution" and answers[name].acknowledged is False:
                return False
        else:
            return False
    return True


@given(screens())
def test_clearing_agrees_with_a_second_opinion(screen: dict[str, Any]) -> None:
    assert (problems(rules().values(), **screen) == []) is may_clear(**screen)


def complete() -> dict[str, Any]:
    return {
        "treatment": LABEL,
        "answers": {rule: Answer("absent") for rule in rules()},
        "suggestions": {},
        "asked": dict.fromkeys(ASKED, "none"),
        "on_chart": dict.fromkeys(ASKED, False),
    }


def test_a_complete_screen_clears() -> None:
    assert problems(rules().values(), **complete()) == []


@pytest.mark.parametrize("missing", sorted(rules()))
def test_a_blank_is_never_a_no(missing: str) -> None:
    screen = complete()
    del screen["answers"][missing]
    assert [each.field for each in problems(rules().values(), **screen)] == [f"answer_{missing}"]


@pytest.mark.parametrize(
    "rule", [r.id for r in rules().values() if r.level_for(LABEL).level == "absolute"]
)
@pytest.mark.parametrize("answer", ["present", "not_known"])
def test_no_reason_passes_an_absolute_contraindication(rule: str, answer: str) -> None:
    screen = complete()
    screen["answers"][rule] = Answer(answer, "A very good reason", acknowledged=True)
    found = problems(rules().values(), **screen)
    assert [each.field for each in found] == [f"answer_{rule}"]


@dataclass
class Row:
    text: str
    is_active: bool = True
    onset_on: date | None = None
    says_none_known: bool = False

    def is_current(self, today: date) -> bool:
        return self.is_active


def on_chart(conditions: Any = (), medicines: Any = (), allergies: Any = ()) -> list[Fact]:
    return facts(conditions, medicines, allergies, SCREENED)


CHART = {
    "conditions": [Row("Major depression"), Row("Hypertension", onset_on=date(2015, 2, 1))],
    "medicines": [Row("Sertraline 100 mg")],
    "allergies": [Row("Penicillin")],
}


def changed(now: dict[str, Any], reasks: Reasks = ALL) -> list[str]:
    before = [fact.as_json() for fact in on_chart(**CHART)]
    return changes(before, on_chart(**{**CHART, **now}), SCREENED, reasks)


MEANS_THE_SAME = {
    "nothing": {},
    "another spelling": {"medicines": [Row("SERTRALINE  100 MG")]},
    "another strength": {"medicines": [Row("Sertraline 200 mg")]},
    "another brand": {"medicines": [Row("Zoloft")]},
    "a misspelling": {"medicines": [Row("Setraline 100 mg")]},
    "a kind in brackets": {
        "conditions": [*CHART["conditions"][:1], Row("Hypertension (disorder)")]
    },
    "the same twice": {"allergies": [Row("Penicillin"), Row("penicillin")]},
    "an older date": {
        "conditions": [Row("Major depression", onset_on=date(2010, 1, 1)), Row("Hypertension")]
    },
    "resolved": {"conditions": [Row("Major depression"), Row("Hypertension", is_active=False)]},
    "in error": {"conditions": [Row("Major depression")]},
    "an allergy in error": {"allergies": []},
    "none known": {
        "allergies": [Row("Penicillin"), Row("No known allergies", says_none_known=True)]
    },
    "a medicine never taken": {
        "medicines": [*CHART["medicines"], Row("Tramadol", is_active=False)]
    },
}


@pytest.mark.parametrize("now", MEANS_THE_SAME.values(), ids=MEANS_THE_SAME)
def test_what_means_the_same_asks_for_nothing(now: dict[str, list[Row]]) -> None:
    assert changed(now) == []


ASKS_AGAIN = {
    "medicines changed since the screen: + Tramadol 50 mg": {
        "medicines": [*CHART["medicines"], Row("Tramadol 50 mg")]
    },
    "medicines changed since the screen: − Sertraline 100 mg": {"medicines": []},
    "medicines changed since the screen: + Flonase nasal spray": {
        "medicines": [*CHART["medicines"], Row("Flonase nasal spray")]
    },
    "medicines changed since the screen: + Zolof and Xyzzanol, − Sertraline 100 mg": {
        "medicines": [Row("Zolof and Xyzzanol")]
    },
    "conditions changed since the screen: + Stroke": {
        "conditions": [*CHART["conditions"], Row("Stroke")]
    },
    "conditions changed since the screen: + Psychosis": {
        "conditions": [*CHART["conditions"], Row("Psychosis", is_active=False)]
    },
    "conditions changed since the screen: + Hypertension": {
        "conditions": [*CHART["conditions"], Row("Hypertension", onset_on=date(2026, 11, 9))]
    },
    "allergies changed since the screen: + Ketamine": {
        "allergies": [*CHART["allergies"], Row("Ketamine")]
    },
}


@pytest.mark.parametrize(("words", "now"), ASKS_AGAIN.items(), ids=ASKS_AGAIN)
def test_what_is_new_asks_again_and_says_so(words: str, now: dict[str, list[Row]]) -> None:
    assert changed(now) == [words]


@pytest.mark.parametrize(
    ("off", "now"),
    [
        ("conditions", {"conditions": [Row("Stroke")]}),
        ("medicines", {"medicines": [Row("Tramadol")]}),
        ("stopped_medicines", {"medicines": []}),
        ("allergies", {"allergies": [Row("Ketamine")]}),
    ],
)
def test_a_clinic_may_do_without(off: str, now: dict[str, list[Row]]) -> None:
    assert changed(now)
    assert changed(now, Reasks(**{off: False})) == []


def test_of_many_changes_a_few_are_named() -> None:
    new = [Row(f"Medicine {number}") for number in range(9)]
    assert changed({"medicines": [*CHART["medicines"], *new]}) == [
        "medicines changed since the screen: "
        "+ Medicine 0, + Medicine 1, + Medicine 2, + Medicine 3, and 5 more"
    ]


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ("Vicodin", ("hydrocodone 5 mg", "paracetamol 500 mg"), []),
        ("fluticasone inhaler", ("Flonase",), ["+ Flonase", "− fluticasone inhaler"]),
        ("Xyzzanol 10 mg", ("Xyzzanol 20 mg",), ["+ Xyzzanol 20 mg", "− Xyzzanol 10 mg"]),
        ("Xyzzanol 10 mg", ("XYZZANOL  10 mg",), []),
    ],
)
def test_medicines_are_compared_by_what_is_in_them(
    before: str, now: tuple[str, ...], said: list[str]
) -> None:
    rested = [fact.as_json() for fact in on_chart(medicines=[Row(before)])]
    found = changes(rested, on_chart(medicines=map(Row, now)), SCREENED, Reasks())
    words = f"medicines changed since the screen: {', '.join(said)}"
    assert found == ([words] if said else [])


@given(st.permutations(on_chart(**CHART)))
def test_the_order_of_the_rows_means_nothing(now: list[Fact]) -> None:
    before = [fact.as_json() for fact in on_chart(**CHART)]
    assert changes(before, now, SCREENED, Reasks()) == []


@dataclass
class Screen:
    outcome: str = "cleared"
    valid_until: date = date(2027, 5, 1)
    screened_at: datetime = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    rested_on: Any = ()
    treatment: Treatment = LABEL


STANDING = [
    (None, LABEL, "No safety screen."),
    (Screen(outcome="not_cleared"), LABEL, "did not clear"),
    (Screen(valid_until=date(2026, 11, 21)), LABEL, "ended on 21 Nov 2026"),
    (Screen(valid_until=date(2026, 11, 22)), LABEL, ""),
    (Screen(), OFFERED["ketamine-iv-any"], "is for Esketamine nasal spray, US label; planned is"),
    (Screen(), None, ""),
    (Screen(rested_on=None), OFFERED["ketamine-iv-any"], ""),
]


@pytest.mark.parametrize(("screen", "planned", "words"), STANDING)
def test_whether_a_screen_stands(screen: Any, planned: Treatment, words: str) -> None:
    found = standing.unmet(screen, planned, [], Reasks(), date(2026, 11, 22))
    assert words in " ".join(found)
    assert bool(found) is bool(words)


def test_an_outdated_screen_says_who_settles_it() -> None:
    new = on_chart(medicines=[Row("Tramadol")])
    found = standing.unmet(Screen(), LABEL, new, Reasks(), SCREENED)
    assert found == ["Medicines changed since the screen: + Tramadol. A prescriber screens again."]
