"""The statement behind the cards: who is here and all their rows, each table read once.

The query sets are the models' own; they are put into words once and planned once for a connection.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import BigIntegerField, DateTimeField, Exists, F, Model, OuterRef, QuerySet

from clinic.models import PrescriberEnrolment, RemsCertification
from clinic.statements import Among, Given, as_json, read_one, text_of
from monitoring.hunter import SIGNS
from monitoring.models import (
    AdverseEvent,
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
from monitoring.models.panic import END
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
from sessions.lifecycle import PRESENT
from sessions.models import (
    ChairStay,
    Dose,
    DoseOrder,
    DosingPolicy,
    InfusionEvent,
    MonitoringCheck,
    MonitoringTemplate,
    TreatmentSession,
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
OF = "treatment_session_id"
CLINIC = Given("clinic", BigIntegerField())
SEAT = {"room": F("chair__room__name"), "seat": F("chair__name")}


def read(clinic_id: int, begin: datetime, end: datetime, most: int) -> dict[str, list[Any]]:
    """Return the rows of at most so many people by what they are; `begin` and `end` of today."""
    given = {"clinic": clinic_id, "begin": begin, "end": end, "most": most}
    return dict(zip(_parts(), read_one(_sql(), given), strict=True))


@cache
def _sql() -> str:
    before_dose = ", ".join(f"'{status}'" for status in sorted(predose.TAKES_A_DOSE))
    return f"""
        WITH here AS MATERIALIZED ({text_of(_here())} LIMIT %(most)s),
        ids AS MATERIALIZED (
            SELECT array_agg(id) AS sessions, array_agg(protocol_id) AS protocols,
                   array_agg(id) FILTER (WHERE before_dose) AS waiting,
                   array_agg(patient_id) FILTER (WHERE before_dose) AS patients,
                   array_agg(course_id) FILTER (WHERE before_dose) AS courses,
                   array_agg(chair_id) AS booked
            FROM (SELECT *, status IN ({before_dose}) AS before_dose FROM here) AS people
        ),
        stay AS MATERIALIZED ({text_of(_stays())}),
        seated AS MATERIALIZED (
            SELECT (SELECT booked FROM ids) || array_agg(chair_id) AS chairs FROM stay
        )
        SELECT {", ".join(_parts().values())}
    """


@cache
def _parts() -> dict[str, str]:
    rows = {
        "template": _of_protocols(MonitoringTemplate, "protocol").values(
            "protocol_id", *TEMPLATE_FIELDS
        ),
        "check": _of_protocols(MonitoringCheck, "template__protocol")
        .order_by("pk")
        .values(
            "label", "anchor", "minute", "every_minutes", protocol_id=F("template__protocol_id")
        ),
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
        "event_written": _children(AdverseEvent.objects.order_by(), "recorded_at"),
        "emergency": _running().values(OF, "id"),
        "panic": _panics().values(OF, "id"),
        "serotonin": _serotonin().values(OF, "id", *SIGNS_EXAMINED),
        "acknowledged": _children(CriticalAcknowledgement.objects.all(), "how", "alerts"),
        "watch": _children(
            WatchAssignment.objects.order_by("at", "pk"),
            "kind",
            "watcher_id",
            "watcher__first_name",
            "watcher__last_name",
            "watcher__username",
        ),
        "escort": _newest(Escort, "sessions", OF, "name", "recorded_at"),
        "way_home": _children(WayHomeNote.objects.order_by("at", "pk"), "kind", "at"),
        "assessment": _newest(
            DischargeAssessment,
            "sessions",
            OF,
            "assessed_at",
            "ready",
            "decisions",
            "by_prescriber",
            "assessed_by__first_name",
            "assessed_by__last_name",
            "assessed_by__username",
        ),
        "predose_check": _newest(PreDoseCheck, "waiting", OF, *PREDOSE),
        "policy": PreDosePolicy.objects.filter(clinic=CLINIC).values(*POLICY),
        "dosing": DosingPolicy.objects.filter(clinic=CLINIC).values("weight_days"),
        "private": _newest_of_patients(
            PregnancyAnswer.objects.all(),
            "treatment_session__patient_id",
            "id",
            "answer",
            "asked_at",
        ),
        "weight": _newest_of_patients(
            BodyMeasure.objects.standing().filter(kind=BodyMeasure.Kind.WEIGHT),
            "patient_id",
            "observed_at",
        ),
        "consent": _consents().values(
            "patient_id", "given_at", "expires_on", zone=F("clinic__time_zone")
        ),
        "screen": _newest(SafetyScreen, "patients", "patient_id", *screen_rows.SCREEN),
        "screen_policy": ScreenPolicy.objects.filter(clinic=CLINIC).values(*SCREEN_POLICY),
        "condition": _on_chart(Condition, *screen_rows.CONDITION),
        "medicine": _on_chart(Medication, *screen_rows.MEDICINE),
        "allergy": _on_chart(Allergy, *screen_rows.ALLERGY),
        "review": _of_patients(MedicineReview.objects.order_by()).values("patient_id", "about"),
        "order": _orders().values(
            "course_id",
            "dose_mg",
            "infusion_minutes",
            "valid_from",
            "valid_until",
            "prescriber_id",
        ),
        "enrolment": RemsEnrolment.objects.standing()
        .filter(_among("patient_id", "patients"))
        .values("patient_id", "enrolled_on", "ended_on"),
        "certification": RemsCertification.objects.filter(clinic=CLINIC)[:1].values(
            "number", "certified_on", "expires_on"
        ),
        "rems_prescriber": PrescriberEnrolment.objects.filter(
            clinic=CLINIC, ended_on__isnull=True
        ).values("person_id", "enrolled_on", "ended_on"),
        "booking": _bookings().values(
            "chair_id", "starts_at", "patient__given_name", "patient__family_name"
        ),
    }
    people = {name: f"(SELECT coalesce(json_agg({name}), '[]') FROM {name})" for name in _PEOPLE}
    return people | {name: as_json(found) for name, found in rows.items()}


_PEOPLE = ("here", "stay")


def _among(column: str, array: str, relation: str = "ids") -> Among:
    return Among(F(column), array=f"(SELECT {array} FROM {relation})::bigint[]")


def _here() -> QuerySet[Any, Any]:
    present = TreatmentSession.objects.filter(clinic=CLINIC, status__in=PRESENT)
    return present.order_by("arrived_at", "pk").values(
        "id",
        "public_id",
        "status",
        "starts_at",
        "ends_at",
        "arrived_at",
        "number_in_phase",
        "patient_id",
        "course_id",
        "chair_id",
        protocol_id=F("course__protocol_id"),
        family_name=F("patient__family_name"),
        given_name=F("patient__given_name"),
        birth_date=F("patient__birth_date"),
        sex=F("patient__sex"),
        deceased=F("patient__deceased"),
        phase_name=F("phase__name"),
        phase_count=F("phase__count"),
        route=F("course__protocol__route"),
        drug=F("course__protocol__drug"),
        jurisdiction=F("course__protocol__jurisdiction"),
        **SEAT,
    )


def _stays() -> QuerySet[Any, Any]:
    """Where people really sit, who moved."""
    newest = ChairStay.objects.order_by(OF, "-since", "-pk").distinct(OF)
    return newest.filter(_among(OF, "sessions")).values(OF, "place", "chair_id", **SEAT)


def _of_protocols(model: type[Model], to_protocol: str) -> QuerySet[Any, Any]:
    return model._default_manager.filter(_among(f"{to_protocol}_id", "protocols"))


def _children(rows: QuerySet[Any, Any], *names: str, **named: F) -> QuerySet[Any, Any]:
    return _in_house(rows).values(OF, *names, **named)


def _withdrawn(model: type[Model]) -> QuerySet[Any, Any]:
    """When something was entered in error."""
    return _children(model._default_manager.filter(entered_in_error=True), "recorded_at")


def _newest(model: type[Model], array: str, key: str, *names: str) -> QuerySet[Any, Any]:
    """Return the first row for each, in the model's own order."""
    rows = model._default_manager.filter(_among(key, array))
    return rows.order_by(key, *_ordering(model)).distinct(key).values(key, *names)


def _newest_of_patients(rows: QuerySet[Any, Any], patient: str, *names: str) -> QuerySet[Any, Any]:
    found = rows.filter(_among(patient, "patients"))
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
    return rows.filter(_among(OF, "sessions"))


def _on_chart(model: type[ChartRow], *names: str) -> QuerySet[Any, Any]:
    """Return what a screen is compared with."""
    rows = model._default_manager.filter(_among("patient_id", "patients"), entered_in_error=False)
    return rows.values("patient_id", *names)


def _consents() -> QuerySet[Consent]:
    treatment = Consent.objects.of_kind(Consent.Kind.TREATMENT).standing()
    return treatment.filter(_among("patient_id", "patients"))


def _of_patients(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    return rows.filter(_among("patient_id", "patients"))


def _orders() -> QuerySet[DoseOrder]:
    return DoseOrder.objects.filter(_among("course_id", "courses"), superseded_at__isnull=True)


def _bookings() -> QuerySet[TreatmentSession]:
    """Who is still to come today on the chairs that people sit on."""
    begin, end = Given("begin", DateTimeField()), Given("end", DateTimeField())
    planned = TreatmentSession.objects.planned().filter(
        clinic=CLINIC, starts_at__gte=begin, starts_at__lt=end
    )
    return planned.filter(_among("chair_id", "chairs", "seated")).order_by("starts_at")
