"""What happened besides readings and doses, as rows for pages, in the session's one statement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from django.db.models import Model, OuterRef

from clinic.bundles import Many, One, all_fields, person
from clinic.superseding import standing
from monitoring.models import (
    AdverseEventFollowUp,
    AgainstAdvice,
    Emergency,
    EmergencyAction,
    EmergencyPolicy,
    LeftUnnoticed,
    PanicEntry,
    PanicEpisode,
    SearchStep,
    SerotoninCheck,
    Transfer,
)
from monitoring.models.panic import END
from monitoring.services import emergencies
from monitoring.services.endings import SEARCH_ENDS


@dataclass(frozen=True)
class Incidents:
    """All rows, corrected ones too; `saved_policy` is None where the defaults are in force."""

    saved_policy: EmergencyPolicy | None
    event_follow_ups: list[AdverseEventFollowUp]
    serotonin_checks: list[SerotoninCheck]
    emergencies: list[Emergency]
    emergency_actions: list[EmergencyAction]
    panic_episodes: list[PanicEpisode]
    panic_entries: list[PanicEntry]
    transfers: list[Transfer]
    against_advice: list[AgainstAdvice]
    left_unnoticed: list[LeftUnnoticed]
    search_steps: list[SearchStep]

    @cached_property
    def emergency_policy(self) -> EmergencyPolicy:
        return self.saved_policy or EmergencyPolicy()

    @property
    def rows(self) -> Iterable[Model]:
        """Return every row, so that a page can tell whether more was recorded since."""
        for field in fields(self):
            found = getattr(self, field.name)
            yield from found if isinstance(found, list) else ()

    @cached_property
    def serotonin(self) -> SerotoninCheck | None:
        """Return the latest examination that stands."""
        rows = standing(self.serotonin_checks)
        return max(rows, key=lambda row: (row.observed_at, row.pk), default=None)

    @cached_property
    def running(self) -> list[Emergency]:
        """Return the emergencies that have not ended."""
        taken = standing(self.emergency_actions)
        over = {row.emergency_id for row in taken if row.code in emergencies.ENDS}
        return [row for row in self.emergencies if row.pk not in over]

    @property
    def emergency(self) -> Emergency | None:
        """Return the emergency that runs now."""
        return next(reversed(self.running), None)

    @cached_property
    def search(self) -> LeftUnnoticed | None:
        """Return the search for a patient who left unnoticed while nobody has found them."""
        over = any(row.code in SEARCH_ENDS for row in standing(self.search_steps))
        return None if over else next(iter(self.left_unnoticed), None)

    @cached_property
    def panics(self) -> list[PanicEpisode]:
        """Return the panic episodes that have not ended."""
        over = {row.episode_id for row in standing(self.panic_entries) if row.code == END}
        return [row for row in standing(self.panic_episodes) if row.pk not in over]

    @property
    def panic(self) -> PanicEpisode | None:
        """Return the panic episode that is open."""
        return next(reversed(self.panics), None)


def parts() -> dict[str, Many]:
    policy = EmergencyPolicy.objects.filter(clinic=OuterRef("clinic"))
    return {
        "emergency_policy": One(policy, *all_fields(EmergencyPolicy)),
        "event_follow_ups": Many(
            of_session(AdverseEventFollowUp),
            *_own(AdverseEventFollowUp),
            "event__term",
            *person("by"),
        ),
        "serotonin_checks": Many(
            of_session(SerotoninCheck), *_own(SerotoninCheck), *person("recorded_by")
        ),
        "emergencies": Many(of_session(Emergency), *_own(Emergency), *person("started_by")),
        "emergency_actions": Many(
            of_session(EmergencyAction), *_own(EmergencyAction), *person("by")
        ),
        "panic_episodes": Many(
            of_session(PanicEpisode), *_own(PanicEpisode), *person("recorded_by")
        ),
        "panic_entries": Many(of_session(PanicEntry), *_own(PanicEntry), *person("by")),
        "transfers": Many(of_session(Transfer), *_own(Transfer), *person("recorded_by")),
        "against_advice": Many(
            of_session(AgainstAdvice), *_own(AgainstAdvice), *person("recorded_by")
        ),
        "left_unnoticed": Many(
            of_session(LeftUnnoticed), *_own(LeftUnnoticed), *person("recorded_by")
        ),
        "search_steps": Many(of_session(SearchStep), *_own(SearchStep), *person("by")),
    }


def incidents_of(found: Mapping[str, Any]) -> Incidents:
    rows = {field.name: found[field.name] for field in fields(Incidents) if field.name in found}
    return Incidents(saved_policy=found["emergency_policy"], **rows)


def of_session(model: type[Model]) -> Any:
    return model._default_manager.filter(treatment_session=OuterRef("pk"))


def _own(model: type[Model]) -> list[str]:
    return all_fields(model, "treatment_session")
