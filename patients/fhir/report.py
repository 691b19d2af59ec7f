"""What happened to each resource of a file, for the person who imports it."""

from collections import Counter
from dataclasses import dataclass

from patients.fhir.records import PatientRecord

NOT_USED = "not used by Taper"


class BundleError(Exception):
    """The file is refused as a whole; the message is for the user and says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Unusable(Exception):
    """One resource cannot be taken; the reason holds nothing from the file itself."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Skipped:
    resource_type: str
    source_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A resource was taken, but a person should know what was changed or is missing."""

    resource_type: str
    source_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ReportLine:
    resource_type: str
    found: int
    taken: int
    reasons: tuple[tuple[str, int], ...]  # why the others were left out, most frequent first


@dataclass(frozen=True, slots=True)
class BundleReading:
    patients: tuple[PatientRecord, ...]
    skipped: tuple[Skipped, ...]
    notices: tuple[Notice, ...]
    found: dict[str, int]  # resources in the file by type
    taken: dict[str, int]  # resources that ended in a record by type

    @property
    def lines(self) -> tuple[ReportLine, ...]:
        """One line per resource type, those with something taken or skipped first."""
        ordered = sorted(self.found, key=lambda t: (not self.taken.get(t), not self._skipped(t), t))
        return tuple(self._line(resource_type) for resource_type in ordered)

    def _skipped(self, resource_type: str) -> list[Skipped]:
        return [each for each in self.skipped if each.resource_type == resource_type]

    def _line(self, resource_type: str) -> ReportLine:
        found, taken = self.found[resource_type], self.taken.get(resource_type, 0)
        reasons = Counter(each.reason for each in self._skipped(resource_type))
        rest = found - taken - reasons.total()
        if rest > 0:
            reasons[NOT_USED] += rest
        return ReportLine(resource_type, found, taken, tuple(reasons.most_common()))
