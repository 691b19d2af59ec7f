"""The safety screen: what matched is answered one by one, the rest group by group."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from clinic.forms import CalendarDateField, ClinicalForm
from patients.forms.fields import ReasonField, TextField
from patients.models import SafetyScreen, ScreenFinding
from patients.screening.decision import ASKED, NO, UNKNOWN, YES, Answer
from patients.screening.evidence import Suggestion
from patients.screening.rules import ABSOLUTE, CAUTION, GROUPS, Rule, rules
from patients.screening.treatment import Treatment
from patients.services.screening import Decision

CHOICES = [(NO, "Absent"), (UNKNOWN, "Not known"), (YES, "Present")]
LONGEST = 600
NOTHING: Mapping[str, ScreenFinding] = {}


@dataclass(frozen=True, slots=True)
class Item:
    """One rule on the page."""

    rule: Rule
    level: str
    suggestion: Suggestion | None
    answer: BoundField
    justification: BoundField
    acknowledged: BoundField | None
    before: ScreenFinding | None = None

    @property
    def level_label(self) -> str:
        return ScreenFinding.Level(self.level).label

    @property
    def is_absolute(self) -> bool:
        return self.level == ABSOLUTE

    @property
    def is_open(self) -> bool:
        """Say whether the reason is shown whatever is answered."""
        fields = (self.justification, self.acknowledged)
        return self.suggestion is not None or any(f and (f.errors or f.value()) for f in fields)


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    none: BoundField
    items: list[Item]


class ScreenForm(ClinicalForm):
    treatment = forms.ChoiceField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    outcome = forms.ChoiceField(
        choices=[("", "Choose"), *SafetyScreen.Outcome.choices],
        error_messages={"required": "Choose whether the patient may be treated."},
    )
    valid_until = CalendarDateField()
    findings = TextField(
        label="Remarks", max_length=4000, required=False, rows=3, help_text="What else matters."
    )

    def __init__(
        self,
        *args: Any,
        treatment: Treatment,
        offered: Mapping[str, Treatment],
        suggestions: Mapping[str, Suggestion],
        before: Mapping[str, ScreenFinding] = NOTHING,
        **kwargs: Any,
    ) -> None:
        """`before` holds the last answers by rule: shown beside the questions, never filled in."""
        super().__init__(*args, **kwargs)
        self.before = before
        self.for_treatment, self.offered, self.suggestions = treatment, offered, suggestions
        self.fields["treatment"] = forms.ChoiceField(
            choices=[(key, str(each)) for key, each in offered.items()],
            widget=forms.HiddenInput,
            initial=treatment.key,
            error_messages={"invalid_choice": "Choose the treatment again."},
        )
        for what in ASKED:
            self.fields[f"asked_{what}"] = _radios(
                SafetyScreen.Asked.choices, label=what.capitalize()
            )
        for rule in rules().values():
            self._add(rule)
        for group, label in GROUPS.items():
            self.fields[f"none_{group}"] = forms.BooleanField(
                label=f"{label}: none of these", required=False, widget=_tick()
            )

    def _add(self, rule: Rule) -> None:
        self.fields[f"answer_{rule.id}"] = _radios(CHOICES, label=rule.title)
        self.fields[f"justification_{rule.id}"] = ReasonField(
            label="Reason",
            max_length=LONGEST,
            required=False,
            widget=forms.TextInput({"class": "form-control"}),
        )
        if rule.level_for(self.for_treatment).level == CAUTION:
            self.fields[f"acknowledged_{rule.id}"] = forms.BooleanField(
                label="Taken into account", required=False, widget=_tick()
            )

    @property
    def matched(self) -> list[Item]:
        return [self._item(rules()[rule]) for rule in self.suggestions]

    @property
    def groups(self) -> list[Group]:
        found = []
        for group, label in GROUPS.items():
            items = [self._item(rule) for rule in rules().values() if self._is_in(rule, group)]
            if items:
                found.append(Group(label, self[f"none_{group}"], items))
        return found

    def _is_in(self, rule: Rule, group: str) -> bool:
        return rule.group == group and rule.id not in self.suggestions

    def _item(self, rule: Rule) -> Item:
        caution = f"acknowledged_{rule.id}"
        return Item(
            rule,
            rule.level_for(self.for_treatment).level,
            self.suggestions.get(rule.id),
            self[f"answer_{rule.id}"],
            self[f"justification_{rule.id}"],
            self[caution] if caution in self.fields else None,
            self.before.get(rule.id),
        )

    @property
    def asked(self) -> list[BoundField]:
        return [self[f"asked_{what}"] for what in ASKED]

    @property
    def decision(self) -> Decision:
        typed = self.cleaned_data
        return Decision(
            outcome=typed["outcome"],
            valid_until=typed["valid_until"],
            treatment=self.offered[typed["treatment"]],
            findings=typed["findings"],
            answers={rule.id: self._answer(rule) for rule in rules().values()},
            asked={what: typed[f"asked_{what}"] for what in ASKED},
            seen=typed["seen"],
        )

    def _answer(self, rule: Rule) -> Answer:
        """Return what was answered; "none of these" answers only what the chart doesn't match."""
        typed = self.cleaned_data
        answer = typed[f"answer_{rule.id}"]
        if not answer and rule.id not in self.suggestions and typed[f"none_{rule.group}"]:
            answer = NO
        return Answer(
            answer,
            typed[f"justification_{rule.id}"],
            typed.get(f"acknowledged_{rule.id}", False),
        )


def _radios(choices: list[tuple[str, str]], label: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False, widget=forms.RadioSelect)


def _tick() -> forms.CheckboxInput:
    return forms.CheckboxInput({"class": "form-check-input"})
