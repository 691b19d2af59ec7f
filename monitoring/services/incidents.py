"""What happened besides readings and doses, as rows for pages, in the session's one statement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from django.db.models import Model, OuterRef

from clinic.bundles import Many, One, all_fields, person
from monitoring.models import AdverseEventFollowUp, EmergencyPolicy, SerotoninCheck


@dataclass(frozen=True)
class Incidents:
    """All rows, corrected ones too; `policy` is None where the defaults are in force."""

    policy: EmergencyPolicy | None
    event_follow_ups: list[AdverseEventFollowUp]
    serotonin_checks: list[SerotoninCheck]

    @cached_property
    def emergency_policy(self) -> EmergencyPolicy:
        return self.policy or EmergencyPolicy()

    @property
    def rows(self) -> Iterable[Model]:
        """Return every row, so that a page can tell whether more was recorded since."""
        for field in fields(self):
            found = getattr(self, field.name)
            yield from found if isinstance(found, list) else ()

    @cached_property
    def serotonin(self) -> SerotoninCheck | None:
        """Return the latest examination that stands."""
        standing = [row for row in last_of_each(self.serotonin_checks) if not row.entered_in_error]
        return max(standing, key=lambda row: (row.observed_at, row.pk), default=None)


def parts() -> dict[str, Many]:
    policy = EmergencyPolicy.objects.filter(clinic=OuterRef("clinic"))
    return {
        "policy": One(policy, *all_fields(EmergencyPolicy)),
        "event_follow_ups": Many(
            of_session(AdverseEventFollowUp),
            *_own(AdverseEventFollowUp),
            "event__term",
            *person("by"),
        ),
        "serotonin_checks": Many(
            of_session(SerotoninCheck), *_own(SerotoninCheck), *person("recorded_by")
        ),
    }


def incidents_of(found: Mapping[str, Any]) -> Incidents:
    return Incidents(**{field.name: found[field.name] for field in fields(Incidents)})


def of_session(model: type[Model]) -> Any:
    return model._default_manager.filter(treatment_session=OuterRef("pk"))


def _own(model: type[Model]) -> list[str]:
    return all_fields(model, "treatment_session")


def last_of_each(rows: Iterable[Any]) -> list[Any]:
    """Return each row by what superseded it last."""
    found = list(rows)
    superseded = {row.supersedes_id for row in found}
    return [row for row in found if row.pk not in superseded]
