"""The rows of one session that its history is made of, for bundles."""

from typing import Any

from django.db.models import Model, OuterRef

from clinic.bundles import Many, One, all_fields, person
from clinic.models import Heartbeat
from monitoring.models import (
    AdverseEvent,
    CriticalAcknowledgement,
    DischargeAssessment,
    Escort,
    MedicationGiven,
    MissedCheck,
    VitalSigns,
    WatchAssignment,
    WayHomeNote,
)
from monitoring.services import incidents
from monitoring.services.values import SETTING_NAMES
from sessions.models import Dose, InfusionEvent, MonitoringCheck, MonitoringTemplate


def parts() -> dict[str, Many]:
    """Return what `record_of` takes, for bundles that read more of a session along with it."""
    template = MonitoringTemplate.objects.filter(protocol=OuterRef("course__protocol"))
    checks = MonitoringCheck.objects.filter(template__protocol=OuterRef("course__protocol"))
    missed = _of_session(MissedCheck)
    return {
        "template": One(template, *SETTING_NAMES, "rest_between_devices_minutes", "sources"),
        "checks": Many(checks.order_by("pk"), "label", "anchor", "minute", "every_minutes"),
        "vitals": Many(_of_session(VitalSigns), *_all_of(VitalSigns), *person("recorded_by")),
        "doses": Many(_of_session(Dose), *_all_of(Dose), *person("given_by")),
        "infusion_events": Many(
            _of_session(InfusionEvent), *_all_of(InfusionEvent), "dose__number", *person("by")
        ),
        "adverse_events": Many(
            _of_session(AdverseEvent),
            *_all_of(AdverseEvent),
            *person("recorded_by"),
            "resolution__resolved_at",
            "resolution__resolution",
            "resolution__outcome",
        ),
        "medicines": Many(
            _of_session(MedicationGiven),
            *_all_of(MedicationGiven),
            *person("given_by"),
            *person("ordered_by"),
        ),
        "assessment": One(
            _of_session(DischargeAssessment),
            *_all_of(DischargeAssessment),
            *person("assessed_by"),
        ),
        "escorts": Many(
            _of_session(Escort).order_by("recorded_at", "pk"),
            "kind",
            "name",
            "phone",
            "recorded_at",
        ),
        "way_home": Many(_of_session(WayHomeNote), *_all_of(WayHomeNote), *person("by")),
        "acknowledgements": Many(
            _of_session(CriticalAcknowledgement),
            *_all_of(CriticalAcknowledgement),
            *person("by"),
        ),
        "watches": Many(
            _of_session(WatchAssignment), "kind", "at", *person("watcher"), *person("by")
        ),
        "missed": Many(missed.standing(), "label", "reason"),
        "not_missed": Many(
            missed.filter(entered_in_error=True), "label", "reason", "supersedes__reason"
        ),
        "jump": One(
            Heartbeat.objects.filter(jumped_at__isnull=False).order_by("-jumped_at"), "jumped_at"
        ),
        **incidents.parts(),
    }


def _of_session(model: type[Model]) -> Any:
    return model._default_manager.filter(treatment_session=OuterRef("pk"))


def _all_of(model: type[Model]) -> list[str]:
    return all_fields(model, "treatment_session")
