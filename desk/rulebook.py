"""`docs/clinical-rules.md`: every clinical rule with its default, source and where to change it."""

from collections.abc import Iterable

from django.apps import apps

from clinic.models import Policy
from clinic.rulebook import Chapter, of_policy
from monitoring import rulebook as monitoring
from outcomes import rulebook as outcomes
from patients import rulebook as patients
from sessions import rulebook as sessions

INTRODUCTION = """\
# Clinical rules

Every rule that Taper applies, with its default, where that is from and how sure it is. This page is
made from the data that the product works with (`./dev manage clinical_rules`); a test fails when
the two differ. Taper is not medical advice: **a licensed clinician reviews every rule before use**.

Sections and keys in brackets are those of the [clinical reference](clinical-reference.md). A change
takes effect when an administrator has saved it, and is in the audit trail."""


def policies() -> list[type[Policy]]:
    return [model for model in apps.get_models() if issubclass(model, Policy)]


def chapters() -> list[Chapter]:
    apps_in_order = (patients, sessions, monitoring, outcomes)
    told = [chapter for app in apps_in_order for chapter in app.chapters()]
    return [*told, *map(of_policy, policies())]


def page() -> str:
    return "\n\n".join([INTRODUCTION, *map(_chapter, chapters())]) + "\n"


def _chapter(chapter: Chapter) -> str:
    lead = [chapter.lead] if chapter.lead else []
    rows = [
        _row(("rule", "default", "source", "how sure")),
        "|---|---|---|---|",
        *(_row((r.name, r.default, r.source, r.certainty.label)) for r in chapter.rules),
    ]
    where = f"To change it: {chapter.where}."
    return "\n\n".join([f"## {chapter.title}", *lead, where, "\n".join(rows)])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())
