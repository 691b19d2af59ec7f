"""Digests of rows in SQL: what tells the board and the sheet that something was written.

A row's place and transaction (`ctid`, `xmin`) change with every update of it. Of rows that are only
ever added, their number and the sum of their ids tell of any change: a late commit with a lower id
still does. Nothing is kept in memory.
"""

from django.db import models

from clinic.models import (
    HandOver,
    OnSite,
    Policy,
    PrescriberEnrolment,
    PresencePolicy,
    RemsCertification,
)
from clinic.statements import table
from monitoring.models import (
    AdverseEvent,
    AdverseEventFollowUp,
    AdverseEventResolution,
    AgainstAdvice,
    CriticalAcknowledgement,
    DischargeAssessment,
    Emergency,
    EmergencyAction,
    EmergencyPolicy,
    Escort,
    LeftUnnoticed,
    MedicationGiven,
    MissedCheck,
    PanicEntry,
    PanicEpisode,
    PreDoseCheck,
    PreDosePolicy,
    PregnancyAnswer,
    SearchStep,
    SerotoninCheck,
    Transfer,
    VitalSigns,
    WatchAssignment,
    WayHomeNote,
)
from patients.models import (
    Allergy,
    BodyMeasure,
    Condition,
    Consent,
    Medication,
    MedicineReview,
    RemsEnrolment,
    SafetyScreen,
    ScreenPolicy,
)
from portal.models import Confirmation, Preparation
from sessions.models import ChairStay, Dose, DoseCheck, DoseWaste, DosingPolicy, InfusionEvent

ADDED_ONLY: tuple[type[models.Model], ...] = (
    VitalSigns,
    Dose,
    InfusionEvent,
    DoseCheck,
    DoseWaste,
    ChairStay,
    PreDoseCheck,
    PregnancyAnswer,
    MissedCheck,
    MedicationGiven,
    AdverseEvent,
    AdverseEventResolution,
    Escort,
    WayHomeNote,
    DischargeAssessment,
    AdverseEventFollowUp,
    SerotoninCheck,
    Emergency,
    EmergencyAction,
    PanicEpisode,
    PanicEntry,
    CriticalAcknowledgement,
    WatchAssignment,
    Transfer,
    AgainstAdvice,
    LeftUnnoticed,
    SearchStep,
    Preparation,
)
SAID_BEFORE: tuple[type[models.Model], ...] = (Confirmation,)
ON_CHART: tuple[type[models.Model], ...] = (
    Consent,
    SafetyScreen,
    RemsEnrolment,
    BodyMeasure,
    Condition,
    Medication,
    Allergy,
    MedicineReview,
)
POLICIES: tuple[type[Policy], ...] = (PreDosePolicy, DosingPolicy, ScreenPolicy, EmergencyPolicy)
OF_SITE: tuple[type[models.Model], ...] = (RemsCertification, PrescriberEnrolment, PresencePolicy)


def added(ids: str, models_: tuple[type[models.Model], ...] = ADDED_ONLY) -> str:
    """Count what was only ever added to sessions; `ids` is an SQL array of theirs."""
    return ", ".join(
        f"(SELECT concat(count(*), ' ', sum(id)) FROM {table(model)}"
        f" WHERE treatment_session_id = ANY({ids}))"
        for model in models_
    )


def versions(model: type[models.Model], condition: str) -> str:
    """Name the rows that fulfil a condition, each with its version in the database."""
    return (
        "(SELECT string_agg(concat_ws(' ', id, ctid, xmin), ',' ORDER BY id)"
        f" FROM {table(model)} WHERE {condition})"
    )


def on_site(clinic: str) -> str:
    """Digest who is on site and what the site is enrolled in; `clinic` is an SQL expression."""
    here = f"clinic_id = {clinic} AND until IS NULL AND corrected_at IS NULL"
    parts = [versions(OnSite, here), versions(HandOver, f"clinic_id = {clinic} AND answer = ''")]
    parts += [versions(model, f"clinic_id = {clinic}") for model in OF_SITE]
    return ", ".join(parts)


def policies(clinic: str) -> str:
    """Digest the settings that pages judge by; `clinic` is an SQL expression."""
    return ", ".join(versions(model, f"clinic_id = {clinic}") for model in POLICIES)
