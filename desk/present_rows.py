"""The query behind the cards: sessions with all their rows as JSON, for any number at once."""

from datetime import datetime, timedelta
from typing import TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    Model,
    OuterRef,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import JSONObject

from monitoring.models import (
    AdverseEvent,
    DischargeAssessment,
    Escort,
    MissedCheck,
    PreDoseCheck,
    VitalSigns,
)
from monitoring.services import predose
from patients.models import Consent, SafetyScreen
from sessions.models import (
    ChairStay,
    Dose,
    DoseOrder,
    InfusionEvent,
    MonitoringCheck,
    MonitoringTemplate,
    TreatmentSession,
)

NEAR = timedelta(hours=12)
Row = TypeVar("Row", bound=Model)
UNSAID = {"id", "protocol", "sources"}
PREDOSE = [*predose.QUESTIONS, "completed_at", "decided_by_id"]
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


def _children(rows: QuerySet, *names: str, **named: str) -> QuerySet:
    return _fields(rows.filter(treatment_session=OuterRef("pk")), *names, **named)


def _fields(rows: QuerySet, *names: str, **named: str) -> QuerySet:
    return rows.values(row=JSONObject(**{name: name for name in names}, **named))


def _of_patient(model: type[Row]) -> QuerySet[Row]:
    return model._default_manager.filter(patient=OuterRef("patient"))


def _consents() -> QuerySet[Consent]:
    return _of_patient(Consent).filter(kind=Consent.Kind.TREATMENT, withdrawn_at__isnull=True)


def with_children(rows: QuerySet, now: datetime) -> QuerySet:
    stays = ChairStay.objects.order_by("-since", "-pk")
    template = {name: f"course__protocol__monitoring__{name}" for name in TEMPLATE_FIELDS}
    return rows.annotate(
        family_name=F("patient__family_name"),
        given_name=F("patient__given_name"),
        birth_date=F("patient__birth_date"),
        deceased=F("patient__deceased"),
        phase_name=F("phase__name"),
        phase_count=F("phase__count"),
        protocol_title=F("course__protocol__short_title"),
        route=F("course__protocol__route"),
        booked=JSONObject(room="chair__room__name", chair="chair__name"),
        stay=Subquery(_children(stays, "place", room="chair__room__name", chair="chair__name")[:1]),
        chair_now=Case(
            When(
                Exists(stays.filter(treatment_session=OuterRef("pk"))),
                then=Subquery(
                    stays.filter(treatment_session=OuterRef("pk")).values("chair_id")[:1]
                ),
            ),
            default=F("chair_id"),
            output_field=BigIntegerField(),
        ),
        template=JSONObject(**template),
        checks=ArraySubquery(
            MonitoringCheck.objects.filter(template__protocol=OuterRef("course__protocol")).values(
                row=JSONObject(label="label", anchor="anchor", minute="minute")
            )
        ),
        vitals=ArraySubquery(
            _children(VitalSigns.objects.standing().order_by("observed_at", "pk"), *VITALS)
        ),
        given=ArraySubquery(_children(_given(), "number", "given_at", "route")),
        stops=ArraySubquery(
            _children(
                InfusionEvent.objects.standing().filter(kind=InfusionEvent.Kind.STOP),
                "at",
                number="dose__number",
            )
        ),
        predose_check=Subquery(_children(PreDoseCheck.objects.all(), *PREDOSE)[:1]),
        consent=Subquery(_fields(_consents(), "given_at", "expires_on")[:1]),
        consent_zone=Subquery(_consents().values("clinic__time_zone")[:1]),
        screen=Subquery(_fields(_of_patient(SafetyScreen), "outcome", "valid_until")[:1]),
        order=Subquery(
            _fields(
                DoseOrder.objects.filter(course=OuterRef("course"), superseded_at__isnull=True),
                "dose_mg",
                "infusion_minutes",
                "valid_from",
                "valid_until",
            )[:1]
        ),
        missed=ArraySubquery(_children(MissedCheck.objects.standing(), "label", "reason")),
        events=ArraySubquery(
            AdverseEvent.objects.open().filter(treatment_session=OuterRef("pk")).values("term")
        ),
        escort=Subquery(_children(Escort.objects.all(), "name")[:1]),
        assessment=Subquery(_assessments()[:1]),
        next_booking=Subquery(_next_bookings(now)[:1]),
    ).values()


def _given() -> QuerySet:
    """Every dose that counts; a refused device was not given."""
    return Dose.objects.standing().exclude(outcome=Dose.Outcome.REFUSED)


def _assessments() -> QuerySet:
    return _children(
        DischargeAssessment.objects.all(),
        "assessed_at",
        "ready",
        "decisions",
        "by_prescriber",
        first_name="assessed_by__first_name",
        last_name="assessed_by__last_name",
        username="assessed_by__username",
    )


def _next_bookings(now: datetime) -> QuerySet:
    """Who is booked next on the chair where the patient really sits."""
    return (
        TreatmentSession.objects.planned()
        .between(now - NEAR, now + NEAR)
        .filter(
            clinic=OuterRef("clinic"),
            chair=OuterRef("chair_now"),
            starts_at__gt=OuterRef("starts_at"),
        )
        .order_by("starts_at")
        .values(
            row=JSONObject(
                starts_at="starts_at", given="patient__given_name", family="patient__family_name"
            )
        )
    )
