"""What monitoring answers when the apps below ask: may a dose be given, may the patient leave."""

from typing import Any

from django.forms.models import model_to_dict

from monitoring import told
from monitoring.models import VitalSigns
from monitoring.readings import BloodPressure
from monitoring.services import discharge, endings, predose, rems, replays
from patients import ports as patients_ports
from patients.models import Patient
from patients.ports import LastValue
from sessions import ports
from sessions.models import TreatmentSession

SIGNED = (
    "predose_checks",
    "pregnancy_answers",
    "vital_signs",
    "missed_checks",
    "medications_given",
    "adverse_events",
    "adverse_event_resolutions",
    "adverse_event_follow_ups",
    "serotonin_checks",
    "emergencies",
    "emergencyaction_rows",
    "panic_episodes",
    "panicentry_rows",
    "searchstep_rows",
    "escorts",
    "way_home_notes",
    "critical_acknowledgements",
    "watch_assignments",
    "discharge_assessments",
)
ENDINGS = ("transfer", "against_advice", "left_unnoticed")


def signed_rows(treatment_session: TreatmentSession) -> list[dict[str, Any]]:
    """Return every row of monitoring that a signature vouches for."""
    ended = {name: getattr(treatment_session, name, None) for name in ENDINGS}
    rows = [
        {"rows": name, **model_to_dict(row)}
        for name in SIGNED
        for row in ports.by_key(getattr(treatment_session, name))
    ]
    rows += [{"rows": name, **model_to_dict(row)} for name, row in ended.items() if row]
    left = getattr(treatment_session, "discharge", None)
    return [*rows, model_to_dict(left)] if left else rows


def last_pressure(patient: Patient) -> LastValue:
    """Return the newest standing blood pressure of all sessions."""
    sets = VitalSigns.objects.standing().filter(
        treatment_session__patient=patient, systolic__isnull=False
    )
    row = sets.order_by("-observed_at", "-pk").first()
    if row is None:
        return LastValue("Blood pressure")
    shown = BloodPressure(row.systolic or 0, row.diastolic or 0)
    values = (shown.systolic, shown.diastolic)
    return LastValue("Blood pressure", f"{shown} mmHg", row.observed_at, values)


def register() -> None:
    patients_ports.last_values.register("blood_pressure", last_pressure)
    patients_ports.told_today.register("predose", predose.told_today)
    ports.status_changed.register(endings.after_step)
    ports.predose.register(predose.guard)
    ports.discharge.register(discharge.open_conditions)
    ports.dry_run.register(replays.compare)
    ports.signed.register("monitoring", signed_rows)
    ports.signed_relations.register("monitoring", lambda: (*SIGNED, *ENDINGS, "discharge"))
    ports.open_end.register("monitoring", endings.open_end)
    ports.told.register("monitoring", told.told)
    ports.status_changed.register(rems.ask_for_form)
