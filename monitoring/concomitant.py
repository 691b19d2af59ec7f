"""What a list of medicines answers of the REMS form's classes. Pure."""

from collections.abc import Iterable, Mapping

from monitoring.rems import Concomitant
from patients.medicines import knowledge
from patients.medicines.resolver import resolve

# The form's classes by those of the medicines (clinical reference 3.3 and 6). Barbiturates and
# oxybate sedate and are no benzodiazepines; drugs of the street count as what they are.
CLASSES = {
    "benzodiazepines": ("benzodiazepine",),
    "sedative_hypnotics": ("z_drug", "sedative_hypnotic_other", "barbiturate", "oxybate"),
    "psychostimulants": ("psychostimulant", "street_stimulant"),
    "maois": ("mao_inhibiting",),
    "opioids": ("opioid", "serotonergic_opioid"),
}


def concomitant(texts: Iterable[str]) -> Mapping[str, Concomitant]:
    """Return for each class which lines say so; a line that isn't understood may be any of them.

    An empty list answers nothing: nothing noted is not nothing taken.
    """
    readings = [resolve(text) for text in dict.fromkeys(texts)]
    unread = tuple(each.text for each in readings if not each.is_understood)
    found: dict[str, Concomitant] = {}
    if not readings:
        return found
    for key, ids in CLASSES.items():
        wanted = frozenset().union(*(knowledge.members(each) for each in ids))
        named = tuple(each.text for each in readings if each.classes & wanted)
        found[key] = Concomitant(named, unread)
    return found
