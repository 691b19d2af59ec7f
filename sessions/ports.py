"""What sessions ask of, and tell to, the apps above."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from clinic.ports import Contributors, Guard, Listeners
from sessions.models import MonitoringTemplate, TreatmentCourse, TreatmentSession
from sessions.sections import Section
from sessions.trials import Compared


@dataclass(frozen=True, slots=True)
class Unmet:
    """One condition that stands in the way, in words for the page."""

    code: str
    text: str


predose: Guard[[TreatmentSession, datetime], list[Unmet]] = Guard("predose")
"""What is missing in today's pre-dose check; an empty list lets the dose pass."""

discharge: Guard[[TreatmentSession, datetime], list[Unmet]] = Guard("discharge")
"""What stands between the patient and the door."""

REQUIRED_GUARDS = (predose, discharge)

booked: Listeners[[list[TreatmentSession]]] = Listeners("booked")
moved: Listeners[[TreatmentSession]] = Listeners("moved")
status_changed: Listeners[[TreatmentSession, str]] = Listeners("status_changed")
"""Told with the status that was left."""

course_ended: Listeners[[TreatmentCourse]] = Listeners("course_ended")
"""It was completed or stopped, and gets no more dates."""

notice_wanted: Listeners[[TreatmentSession]] = Listeners("notice_wanted")
"""Whoever moved or cancelled it wants the patient told."""

expects_notice: Contributors[[Collection[TreatmentSession]], bool] = Contributors("expects_notice")
"""Whether somebody was written to about one of these visits, and can be again."""

signed: Contributors[[TreatmentSession], list[dict[str, Any]]] = Contributors("signed")
"""The rows of apps above that a signature vouches for, too."""

signed_relations: Contributors[[], tuple[str, ...]] = Contributors("signed_relations")
"""Where these rows hang on a session, so that those of many sessions are read together."""


def by_key(rows: Any) -> list[Any]:
    """Return what hangs on a session in the order of writing, read before or not."""
    return sorted(rows.all(), key=attrgetter("pk"))


open_end: Contributors[[TreatmentSession], str] = Contributors("open_end")
"""What has to end before the record closes, in a sentence that says how; empty: nothing."""

told: Contributors[[TreatmentSession], list[Section]] = Contributors("told")
"""The same in words, for the person who signs."""

dry_run: Guard[[MonitoringTemplate, Sequence[TreatmentSession]], list[Compared]] = Guard("dry_run")
"""What a monitoring template would have changed in these ended sessions."""
