"""What a screen is for: a drug by a route under the label of a jurisdiction."""

from dataclasses import dataclass

ANY = "any"
# A label elsewhere that follows the text of another; what is not named here has the strictest.
FOLLOWS = {"US": "US", "EU": "EU", "UK": "EU", "GB": "EU", "IE": "EU"}
DRUGS = {"esketamine": "Esketamine", "ketamine": "Ketamine"}
ROUTES = {"nasal": "nasal spray", "iv": "infusion"}
LABELS = {"US": "US label", "EU": "EU or UK label", ANY: "strictest label"}


@dataclass(frozen=True, slots=True)
class Treatment:
    drug: str
    route: str
    jurisdiction: str  # US, EU, or any: then the strictest level counts

    def __str__(self) -> str:
        drug, route = DRUGS.get(self.drug, self.drug), ROUTES.get(self.route, self.route)
        return f"{drug} {route}, {LABELS[self.jurisdiction]}"

    @property
    def key(self) -> str:
        return f"{self.drug}-{self.route}-{self.jurisdiction}"


def treatment(drug: str, route: str, jurisdiction: str) -> Treatment:
    """Return the treatment of a protocol; its jurisdiction is free text."""
    return Treatment(drug, route, FOLLOWS.get(jurisdiction.strip().upper(), ANY))


OFFERED = {
    each.key: each
    for each in (
        Treatment("esketamine", "nasal", "US"),
        Treatment("esketamine", "nasal", "EU"),
        Treatment("esketamine", "nasal", ANY),
        Treatment("ketamine", "iv", "US"),
        Treatment("ketamine", "iv", "EU"),
        Treatment("ketamine", "iv", ANY),
    )
}


def covers(screened: Treatment, planned: Treatment) -> bool:
    """Say whether a screen for one treatment holds for another.

    A screen by the strictest label holds under any of them.
    """
    same_drug = (screened.drug, screened.route) == (planned.drug, planned.route)
    return same_drug and screened.jurisdiction in {planned.jurisdiction, ANY}
