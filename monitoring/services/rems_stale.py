"""Filed forms that something was added to, changed or taken back since: candidates, cheap to find.

More than what changed a form is found here; `rems.changes` says what did.
"""

from datetime import UTC, timedelta
from typing import Any

from django.db.models import DateField, Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, TruncDate

from clinic.models import AuditEvent
from monitoring.models import (
    AdverseEvent,
    AdverseEventFollowUp,
    AdverseEventResolution,
    DischargeAssessment,
    EmergencyAction,
    MedicationGiven,
    MissedCheck,
    PreDoseCheck,
    RemsFiling,
    RemsForm,
    SerotoninCheck,
    VitalSigns,
)
from patients.models import Medication, Patient, RemsEnrolment
from sessions.models import Dose, TreatmentSession

OF_SESSION = (
    (VitalSigns, "recorded_at"),
    (Dose, "recorded_at"),
    (MedicationGiven, "recorded_at"),
    (AdverseEvent, "recorded_at"),
    (AdverseEventFollowUp, "recorded_at"),
    (AdverseEventResolution, "recorded_at"),
    (SerotoninCheck, "recorded_at"),
    (EmergencyAction, "at"),
    (PreDoseCheck, "completed_at"),
    (DischargeAssessment, "assessed_at"),
    (MissedCheck, "at"),
    (RemsForm, "recorded_at"),
)
ON_THE_FORM = ("given_name", "family_name", "birth_date", "sex")
OF_MEDICINE = ("text", "status", "started_on", "stopped_on")
EMPTY = Value("", output_field=TextField())
A_DAY = timedelta(days=1)


def touched(rows: QuerySet[TreatmentSession]) -> QuerySet[TreatmentSession]:
    """Return filed ones to which something was added since their last filing."""
    filing = RemsFiling.objects.filter(treatment_session=OuterRef(OuterRef("pk")))
    filed_at = filing.order_by("-recorded_at", "-pk").values("recorded_at")[:1]
    added: Any = Exists(_enrolments(filed_at)) | Exists(_chart_changes(filed_at))
    for model, when in OF_SESSION:
        newer = model._default_manager.filter(treatment_session=OuterRef("pk"))
        added |= Exists(newer.filter(**{f"{when}__gt": filed_at}))
    filed = RemsFiling.objects.filter(treatment_session=OuterRef("pk"))
    # In any time zone the session's day is one of the three around this one.
    days = {"day": TruncDate("starts_at", tzinfo=UTC)}
    return rows.alias(**days).filter(Exists(filed)).filter(added)


def _enrolments(filed_at: Any) -> QuerySet[RemsEnrolment]:
    """Return those recorded or ended since, unless that was later than the session's day."""
    until = OuterRef("day") + A_DAY
    return RemsEnrolment.objects.filter(
        Q(recorded_at__gt=filed_at, enrolled_on__lte=until)
        | Q(ended_at__gt=filed_at, ended_on__lte=until),
        patient=OuterRef("patient"),
    )


def _chart_changes(filed_at: Any) -> QuerySet[AuditEvent]:
    """Return what may change the chart's word on the session's day, from the audit trail.

    The chart itself keeps no time of its changes. Left out is what happens all the time: medicines
    of other days, and those that went on past the day and were stopped later.
    """
    values = {
        f"{name}_{when}": Coalesce(KT(f"{when}__{name}"), EMPTY)
        for name in (*ON_THE_FORM, *OF_MEDICINE)
        for when in ("before", "after")
    }
    first, last = (_written(OuterRef("day") + days) for days in (-A_DAY, A_DAY))
    same = {f"{name}_before": F(f"{name}_after") for name in ("text", "started_on")}
    stopped_later = Q(
        **same, status_before="active", stopped_on_before="", stopped_on_after__gt=last
    )
    was_over = Q(before=None, stopped_on_after__gt="", stopped_on_after__lt=first)
    medicine = Q(table_name=Medication._meta.db_table, started_on_after__lte=last)
    same_person = Q(**{f"{name}_before": F(f"{name}_after") for name in ON_THE_FORM})
    person = Q(table_name=Patient._meta.db_table, before__isnull=False) & ~same_person
    rows = AuditEvent.objects.filter(patient_id=OuterRef("patient_id"), at__gt=filed_at)
    return rows.alias(**values).filter((medicine & ~stopped_later & ~was_over) | person)


def _written(day: Any) -> Any:
    """Write a day as the trail has it, where days are compared as texts."""
    return Cast(Cast(day, DateField()), TextField())
