"""Everybody who is in the house now, with all that their card needs: one query for any number."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

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

from clinic.models import Clinic
from monitoring.models import (
    AdverseEvent,
    DischargeAssessment,
    Escort,
    MissedCheck,
    PreDoseCheck,
    VitalSigns,
)
from monitoring.readings import Administration, Assessment, History, Reading, Settings
from monitoring.readings import Escort as SettledEscort
from monitoring.services import predose
from patients.models import Consent, SafetyScreen
from patients.naming import initials
from sessions.lifecycle import PRESENT
from sessions.models import (
    ChairStay,
    Dose,
    DoseOrder,
    InfusionEvent,
    MonitoringCheck,
    MonitoringTemplate,
    TreatmentSession,
)
from sessions.models.protocol import Route
from sessions.services.authorization import OnChart, stands_on

MOST = 100  # more than any clinic seats; the page says so when it is reached
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


@dataclass(frozen=True, slots=True)
class NextBooking:
    starts_at: datetime
    initials: str


@dataclass(frozen=True, slots=True)
class PresentSession:
    """One session that is going on, as plain values."""

    public_id: str
    status: str
    starts_at: datetime
    ends_at: datetime
    arrived_at: datetime | None
    given_name: str
    family_name: str
    today: date  # in the clinic's zone
    phase: str
    number_in_phase: int
    phase_count: int | None
    protocol: str
    route: str
    place: str
    chair_id: int | None
    next_booking: NextBooking | None
    chart: OnChart
    check: PreDoseCheck | None  # of this visit
    devices: tuple[datetime, ...]
    rest_minutes: int
    settings: Settings
    history: History = field(default_factory=History)


def present(clinic: Clinic, now: datetime, jumped_at: datetime | None) -> list[PresentSession]:
    rows = TreatmentSession.objects.filter(clinic=clinic, status__in=PRESENT)
    return [
        _session(row, clinic, now, jumped_at)
        for row in _with_children(rows, now).order_by("arrived_at", "pk")[:MOST]
    ]


def _children(rows: QuerySet, *names: str, **named: str) -> QuerySet:
    return _fields(rows.filter(treatment_session=OuterRef("pk")), *names, **named)


def _fields(rows: QuerySet, *names: str, **named: str) -> QuerySet:
    return rows.values(row=JSONObject(**{name: name for name in names}, **named))


def _of_patient(model: type[Row]) -> QuerySet[Row]:
    return model._default_manager.filter(patient=OuterRef("patient"))


def _consents() -> QuerySet[Consent]:
    return _of_patient(Consent).filter(kind=Consent.Kind.TREATMENT, withdrawn_at__isnull=True)


def _with_children(rows: QuerySet, now: datetime) -> QuerySet:
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
                InfusionEvent.objects.filter(kind=InfusionEvent.Kind.STOP),
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


def _session(
    row: dict[str, Any], clinic: Clinic, now: datetime, jumped_at: datetime | None
) -> PresentSession:
    template = dict(row["template"])
    rest_minutes = template.pop("rest_between_devices_minutes")
    today, following = now.astimezone(clinic.zone).date(), row["next_booking"]
    devices = sorted(_moment(dose["given_at"]) for dose in row["given"])
    return PresentSession(
        public_id=str(row["public_id"]),
        status=row["status"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        arrived_at=row["arrived_at"],
        given_name=row["given_name"],
        family_name=row["family_name"],
        today=today,
        phase=row["phase_name"],
        number_in_phase=row["number_in_phase"],
        phase_count=row["phase_count"],
        protocol=row["protocol_title"],
        route=row["route"],
        place=_place(row["stay"] or row["booked"]),
        chair_id=row["chair_now"],
        next_booking=following
        and NextBooking(
            _moment(following["starts_at"]), initials(following["given"], following["family"])
        ),
        chart=_chart(row, today),
        check=_check(row["predose_check"], row["arrived_at"]),
        devices=tuple(devices),
        rest_minutes=rest_minutes,
        settings=Settings.from_mapping({**template, "checks": row["checks"]}),
        history=_history(row, devices[0] if devices else None, jumped_at),
    )


def _chart(row: dict[str, Any], today: date) -> OnChart:
    order = _made(DoseOrder, row["order"])
    return OnChart(
        birth_date=row["birth_date"],
        deceased=row["deceased"],
        consent=_made(Consent, row["consent"], clinic=Clinic(time_zone=row["consent_zone"] or "")),
        screen=_made(SafetyScreen, row["screen"]),
        order=order if order and stands_on(order, today) else None,
    )


def _check(found: dict[str, Any] | None, arrived_at: datetime | None) -> PreDoseCheck | None:
    check = _made(PreDoseCheck, found)
    return check if check and predose.is_of_visit(check, arrived_at) else None


def _made(model: type[Row], found: dict[str, Any] | None, **related: Model) -> Row | None:
    """Make a row of JSON values that the rules can ask; it is never saved."""
    if found is None:
        return None
    values = {name: _field(model, name).to_python(value) for name, value in found.items()}
    return model(**values, **related)


def _field(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name)


def _place(where: dict[str, str | None]) -> str:
    return f"{where['room']} · {where['chair']}" if where["chair"] else where.get("place") or ""


def _history(  # as monitoring.services.history builds it for one session; a test holds them equal
    row: dict[str, Any], first_dose: datetime | None, jumped_at: datetime | None
) -> History:
    stopped = {stop["number"]: _moment(stop["at"]) for stop in row["stops"]}
    escort, given = row["escort"], row["assessment"]
    return History(
        readings=tuple(_reading(vitals) for vitals in row["vitals"]),
        administrations=tuple(_administration(dose, stopped) for dose in row["given"]),
        unresolved_adverse_events=tuple(row["events"]),
        escort=escort and SettledEscort(settled=True, name=escort["name"]),
        assessment=given
        and Assessment(
            f"{given['first_name']} {given['last_name']}".strip() or given["username"],
            _moment(given["assessed_at"]),
            given["ready"],
            given["decisions"],
            given["by_prescriber"],
        ),
        missed={check["label"]: check["reason"] for check in row["missed"]},
        clock_suspect=bool(first_dose and jumped_at and jumped_at > first_dose),
    )


def _reading(row: dict[str, Any]) -> Reading:
    values = {**row, "resp_rate": row["respiratory_rate"]}
    del values["respiratory_rate"]
    for name in ("observed_at", "recorded_at"):
        values[name] = _moment(values[name])
    for name in ("oxygen_l_min", "temperature"):
        values[name] = None if values[name] is None else Decimal(str(values[name]))
    return Reading(**values)


def _administration(dose: dict[str, Any], stopped: dict[int, datetime]) -> Administration:
    given_at = _moment(dose["given_at"])
    ended_at = given_at if dose["route"] == Route.NASAL else stopped.get(dose["number"])
    return Administration(given_at, ended_at, dose["route"])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
