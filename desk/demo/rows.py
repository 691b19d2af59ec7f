"""Rows that are built in memory and written together, each kind after what it refers to."""

from collections import defaultdict
from typing import TypeVar

from django.db import connection
from django.db.models import Model

from clinic.statements import table
from monitoring.models import (
    AdverseEvent,
    AdverseEventResolution,
    CriticalAcknowledgement,
    Discharge,
    DischargeAssessment,
    Emergency,
    EmergencyAction,
    Escort,
    MedicationGiven,
    MissedCheck,
    PanicEntry,
    PanicEpisode,
    PreDoseCheck,
    PregnancyAnswer,
    SerotoninCheck,
    Transfer,
    VitalSigns,
    WatchAssignment,
)
from patients.models import (
    Allergy,
    BodyMeasure,
    Condition,
    Consent,
    EmailContact,
    Identifier,
    Medication,
    Patient,
    RemsEnrolment,
    SafetyScreen,
    Task,
)
from reminders.models import Message
from sessions.models import (
    ChairStay,
    Dose,
    DoseCheck,
    DoseOrder,
    DoseWaste,
    InfusionEvent,
    Signature,
    StatusChange,
    TreatmentCourse,
    TreatmentSession,
)

ORDER: tuple[type[Model], ...] = (
    Patient,
    Identifier,
    Condition,
    Medication,
    Allergy,
    BodyMeasure,
    Consent,
    EmailContact,
    SafetyScreen,
    RemsEnrolment,
    TreatmentCourse,
    DoseOrder,
    TreatmentSession,
    StatusChange,
    ChairStay,
    PreDoseCheck,
    PregnancyAnswer,
    Dose,
    InfusionEvent,
    DoseCheck,
    DoseWaste,
    VitalSigns,
    MissedCheck,
    MedicationGiven,
    AdverseEvent,
    AdverseEventResolution,
    PanicEpisode,
    PanicEntry,
    SerotoninCheck,
    Emergency,
    EmergencyAction,
    Transfer,
    CriticalAcknowledgement,
    Escort,
    WatchAssignment,
    DischargeAssessment,
    Discharge,
    Signature,
    Message,
    Task,
)
BATCH = 1000
Row = TypeVar("Row", bound=Model)


class Rows:
    """Collects unsaved rows that may refer to each other; `write` saves them inside `acting`."""

    def __init__(self) -> None:
        self.waiting: dict[type[Model], list[Model]] = defaultdict(list)

    def add(self, row: Row) -> Row:
        self.waiting[type(row)].append(row)
        return row

    def write(self) -> None:
        for model in ORDER:
            rows = self.waiting.pop(model, [])
            # A correction refers to a row of its own table, so that one has to be there first.
            corrections = [row for row in rows if getattr(row, "supersedes", None) is not None]
            originals = [row for row in rows if getattr(row, "supersedes", None) is None]
            for batch in (originals, corrections):
                model._default_manager.bulk_create(batch, batch_size=BATCH)
        if self.waiting:
            raise TypeError(f"rows of an unknown kind: {', '.join(map(str, self.waiting))}")
        _count()


def _count() -> None:
    """Tell the planner how much there is now: for empty tables it chooses to read all of them."""
    tables = ", ".join(table(model) for model in ORDER)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {tables}")
