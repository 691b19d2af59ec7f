"""The questions before a dose, as they are asked and told; the answer that passes is first."""

from dataclasses import dataclass

from monitoring.models.predose import Answer

YES, NO = Answer.YES, Answer.NO


@dataclass(frozen=True, slots=True)
class Question:
    topic: str
    passes: str  # the stored answer that lets the dose pass
    good: str
    other: str

    @property
    def choices(self) -> tuple[tuple[str, str], tuple[str, str]]:
        return (self.passes, self.good), (NO if self.passes == YES else YES, self.other)

    def told(self, answer: str) -> str:
        return dict(self.choices).get(answer, "not answered")


QUESTIONS = {
    "identity_confirmed": Question("Name and birth date", YES, "Confirmed", "Not confirmed"),
    "no_food_2h": Question("Food in the last 2 hours", YES, "None", "Has eaten"),
    "no_fluids_30min": Question("Liquids in the last 30 minutes", YES, "None", "Has drunk"),
    "no_nasal_products_1h": Question("Nasal spray in the last hour", YES, "None", "Used"),
    "transport_arranged": Question("Transport home", YES, "Arranged", "Not arranged"),
    "substance_use_today": Question("Alcohol or drugs today", NO, "None", "Taken"),
    "fit_today": Question("Mental state", YES, "Allows treatment", "Speaks against it"),
    "new_medicines": Question("New medicines since last time", NO, "None", "Some"),
}
