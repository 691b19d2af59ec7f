"""What monitoring answers when sessions asks: may a dose be given, may the patient leave."""

from typing import Any

from django.forms.models import model_to_dict

from monitoring.services import discharge, predose
from sessions import ports
from sessions.models import TreatmentSession

SIGNED = (
    "predose_checks",
    "vital_signs",
    "missed_checks",
    "adverse_events",
    "adverse_event_resolutions",
    "escorts",
    "discharge_assessments",
)


def signed_rows(treatment_session: TreatmentSession) -> list[dict[str, Any]]:
    """Return every row of monitoring that a signature vouches for."""
    rows = [
        {"rows": name, **model_to_dict(row)}
        for name in SIGNED
        for row in getattr(treatment_session, name).order_by("pk")
    ]
    left = getattr(treatment_session, "discharge", None)
    return [*rows, model_to_dict(left)] if left else rows


def register() -> None:
    ports.predose.register(predose.guard)
    ports.discharge.register(discharge.guard)
    ports.signed.register("monitoring", signed_rows)
