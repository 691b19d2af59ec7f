"""The lists that hang on those who are here: each the model's own query set."""

from collections.abc import Iterable
from typing import Any

from django.db.models import BigIntegerField, Exists, F, Model, OuterRef, QuerySet

from clinic.bundles import person
from clinic.models import PrescriberEnrolment, RemsCertification
from clinic.statements import Among, Given
from monitoring.hunter import SIGNS
from monitoring.models import (
    AdverseEvent,
    AdverseEventFollowUp,
    CriticalAcknowledgement,
    DischargeAssessment,
    Emergency,
    EmergencyAction,
    Escort,
    MedicationGiven,
    MissedCheck,
    PanicEntry,
    PanicEpisode,
    PreDoseCheck,
    PreDosePolicy,
    PregnancyAnswer,
    SerotoninCheck,
    VitalSigns,
    WatchAssignment,
    WayHomeNote,
)
from monitoring.models.events import Outcome
from monitoring.models.panic import END
from monitoring.oxygen import OXYGEN
from monitoring.services import predose
from monitoring.services.emergencies import ENDS
from patients import screen_rows
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
from patients.models.chart import ChartRow
from sessions.models import (
    Dose,
    DoseOrder,
    DosingPolicy,
    InfusionEvent,
    MonitoringCheck,
    MonitoringTemplate,
)

UNSAID = {"id", "protocol", "sources"}
PREDOSE = [
    *predose.QUESTIONS,
    *("asked", "covers", "completed_at", "decided_by_id", "new_medicines_text"),
]
POLICY = [field.name for field in PreDosePolicy.settings()]
TEMPLATE_FIELDS = [f.name for f in MonitoringTemplate._meta.fields if f.name not in UNSAID]
VITALS = [
    "id",
    "observed_at",
    "recorded_at",
    "systolic",
    "diastolic",
    "pulse",
    "spo2",
    "oxygen_l_min",
    "respiratory_rate",
    "temperature",
    "sedation",
    "dissociation",
    "not_obtained",
    "late_reason",
]
SIGNS_EXAMINED = [*SIGNS, "exposed", "temperature"]
MEDICINE = ["id", "drug", "dose", "given_at", "effect", "minutes", "recorded_at"]
SCREEN_POLICY = [field.name for field in ScreenPolicy.settings()]
ASSESSMENT = [
    *("assessed_at", "ready", "decisions", "by_prescriber"),
    *person("assessed_by"),
]
ORDER = ["dose_mg", "infusion_minutes", "valid_from", "valid_until", "prescriber_id"]
OF = "treatment_session_id"
CLINIC = Given("clinic", BigIntegerField())
SEAT = {"room": F("chair__room__name"), "seat": F("chair__name")}


def among(column: str, array: str, relation: str = "ids") -> Among:
    return Among(F(column), array=f"(SELECT {array} FROM {relation})::bigint[]")


Rows = dict[str, QuerySet[Any, Any]]


def of_their_protocols() -> Rows:
    names = ("label", "anchor", "minute", "every_minutes")
    checks = _of_protocols(MonitoringCheck, "template__protocol").order_by("pk")
    return {
        "template": _of_protocols(MonitoringTemplate, "protocol").values(
            "protocol_id", *TEMPLATE_FIELDS
        ),
        "check": checks.values(*names, protocol_id=F("template__protocol_id")),
    }


def of_the_visit() -> Rows:
    return {
        "vitals": _children(VitalSigns.objects.standing(), *VITALS),
        "given": _children(Dose.objects.given(), "number", "given_at", "recorded_at", "route"),
        "stop": _children(_stops(), "at", "recorded_at", number=F("dose__number")),
        "other_medicine": _children(MedicationGiven.objects.standing(), *MEDICINE),
        "wrong_vitals": _withdrawn(VitalSigns),
        "wrong_dose": _withdrawn(Dose),
        "wrong_medicine": _withdrawn(MedicationGiven),
        "missed": _children(MissedCheck.objects.standing(), "label", "reason"),
        "event": _children(
            AdverseEvent.objects.open(), "id", "term", "severity", "serious", "recorded_at"
        ),
        "no_better": _children(
            AdverseEventFollowUp.objects.filter(outcome=Outcome.NOT_RESOLVED).order_by("at", "pk"),
            "id",
            "event_id",
        ),
        "event_written": _children(AdverseEvent.objects.order_by(), "recorded_at"),
        "emergency": _running().values(OF, "id"),
        "panic": _panics().values(OF, "id"),
        "serotonin": _serotonin().values(OF, "id", *SIGNS_EXAMINED),
        "acknowledged": _children(CriticalAcknowledgement.objects.all(), "how", "alerts"),
        "watch": _children(
            WatchAssignment.objects.order_by("at", "pk"), "kind", "watcher_id", *person("watcher")
        ),
        "escort": _children(
            Escort.objects.order_by("recorded_at", "pk"), "name", "phone", "recorded_at"
        ),
        "oxygen": _children(EmergencyAction.objects.standing().filter(code=OXYGEN), "at"),
        "way_home": _children(WayHomeNote.objects.order_by("at", "pk"), "kind", "at"),
        "assessment": _newest(DischargeAssessment, "sessions", OF, *ASSESSMENT),
    }


def before_the_dose() -> Rows:
    """Return what today's check and its two answers outside the check are judged by."""
    weights = BodyMeasure.objects.standing().filter(kind=BodyMeasure.Kind.WEIGHT)
    asked_of = "treatment_session__patient_id"
    return {
        "predose_check": _newest(PreDoseCheck, "waiting", OF, *PREDOSE),
        "policy": PreDosePolicy.objects.filter(clinic=CLINIC).values(*POLICY),
        "dosing": DosingPolicy.objects.filter(clinic=CLINIC).values("weight_days"),
        "private": _newest_of_patients(
            PregnancyAnswer.objects.all(), asked_of, "id", "answer", "asked_at"
        ),
        "weight": _newest_of_patients(weights, "patient_id", "observed_at"),
    }


def of_the_chart() -> Rows:
    """Return what a dose rests on: consent, screen, medicines, order, enrolment."""
    return {
        "consent": _consents().values(
            "patient_id", "given_at", "expires_on", zone=F("clinic__time_zone")
        ),
        "screen": _newest(SafetyScreen, "patients", "patient_id", *screen_rows.SCREEN),
        "screen_policy": ScreenPolicy.objects.filter(clinic=CLINIC).values(*SCREEN_POLICY),
        "condition": _on_chart(Condition, *screen_rows.CONDITION),
        "medicine": _on_chart(Medication, *screen_rows.MEDICINE),
        "allergy": _on_chart(Allergy, *screen_rows.ALLERGY),
        "review": _of_patients(MedicineReview.objects.order_by()).values("patient_id", "about"),
        "order": _orders().values("course_id", *ORDER),
        "enrolment": _of_patients(RemsEnrolment.objects.standing()).values(
            "patient_id", "enrolled_on", "ended_on"
        ),
        "certification": RemsCertification.objects.filter(clinic=CLINIC)[:1].values(
            "number", "certified_on", "expires_on"
        ),
        "rems_prescriber": PrescriberEnrolment.objects.filter(
            clinic=CLINIC, ended_on__isnull=True
        ).values("person_id", "enrolled_on", "ended_on"),
    }


def _of_protocols(model: type[Model], to_protocol: str) -> QuerySet[Any, Any]:
    return model._default_manager.filter(among(f"{to_protocol}_id", "protocols"))


def _children(rows: QuerySet[Any, Any], *names: str, **named: F) -> QuerySet[Any, Any]:
    return _in_house(rows).values(OF, *names, **named)


def _withdrawn(model: type[Model]) -> QuerySet[Any, Any]:
    """When something was entered in error."""
    return _children(model._default_manager.filter(entered_in_error=True), "recorded_at")


def _newest(model: type[Model], array: str, key: str, *names: str) -> QuerySet[Any, Any]:
    """Return the first row for each, in the model's own order."""
    rows = model._default_manager.filter(among(key, array))
    return rows.order_by(key, *_ordering(model)).distinct(key).values(key, *names)


def _newest_of_patients(rows: QuerySet[Any, Any], patient: str, *names: str) -> QuerySet[Any, Any]:
    found = rows.filter(among(patient, "patients"))
    ordered = found.order_by(patient, *_ordering(rows.model)).distinct(patient)
    return ordered.values(*names, of_patient=F(patient))


def _ordering(model: type[Model]) -> Iterable[str]:
    return [name for name in model._meta.ordering or () if isinstance(name, str)]


def _stops() -> QuerySet[InfusionEvent]:
    return InfusionEvent.objects.standing().filter(kind=InfusionEvent.Kind.STOP)


def _running() -> QuerySet[Emergency]:
    over = EmergencyAction.objects.standing().filter(code__in=ENDS, emergency=OuterRef("pk"))
    return _in_house(Emergency.objects.filter(~Exists(over)))


def _panics() -> QuerySet[PanicEpisode]:
    over = PanicEntry.objects.standing().filter(code=END, episode=OuterRef("pk"))
    return _in_house(PanicEpisode.objects.standing().filter(~Exists(over)))


def _serotonin() -> QuerySet[SerotoninCheck]:
    newest = SerotoninCheck.objects.standing().order_by(OF, "-observed_at", "-pk").distinct(OF)
    return _in_house(newest)


def _in_house(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    return rows.filter(among(OF, "sessions"))


def _on_chart(model: type[ChartRow], *names: str) -> QuerySet[Any, Any]:
    """Return what a screen is compared with."""
    rows = model._default_manager.filter(among("patient_id", "patients"), entered_in_error=False)
    return rows.values("patient_id", *names)


def _consents() -> QuerySet[Consent]:
    treatment = Consent.objects.of_kind(Consent.Kind.TREATMENT).standing()
    return treatment.filter(among("patient_id", "patients"))


def _of_patients(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    return rows.filter(among("patient_id", "patients"))


def _orders() -> QuerySet[DoseOrder]:
    return DoseOrder.objects.filter(among("course_id", "courses"), superseded_at__isnull=True)
