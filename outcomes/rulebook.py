"""The rules between sessions: instruments with their scoring, licence and source."""

from clinic.rulebook import Chapter, Rule
from outcomes import instruments


def chapters() -> list[Chapter]:
    return [
        Chapter(
            "Between sessions: instruments",
            "When each is due is in the clinic's settings. A missing answer makes a score "
            "incomplete, never lower.",
            "`outcomes/instruments/*.json`, reviewed files of the release",
            tuple(_instrument(each) for each in instruments.registry().values()),
        )
    ]


def _instrument(each: instruments.Instrument) -> Rule:
    settings = "; ".join(
        f"{name.replace('_', ' ')}: {value}" for name, value in each.settings.items()
    )
    default = f"{len(each.items)} items, {each.scoring}. {settings} {each.attribution}"
    if each.by_patient:
        default += f" Patients may answer it by a link: {each.by_patient}"
    return Rule(
        f"{each.title}, version {each.version}", default, each.source.text, each.source.certainty
    )
