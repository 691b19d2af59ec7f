"""Everybody who is in the house now, with all that their card needs: one query for any number."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Model

from clinic.models import Clinic
from desk.present_rows import with_children
from monitoring.models import PreDoseCheck
from monitoring.readings import Administration, Assessment, History, Reading, Settings
from monitoring.readings import Escort as SettledEscort
from monitoring.services import predose
from patients.models import Consent, SafetyScreen
from patients.naming import initials
from sessions.lifecycle import PRESENT
from sessions.models import DoseOrder, TreatmentSession
from sessions.models.protocol import Route
from sessions.services.authorization import OnChart, stands_on

MOST = 100  # more than any clinic seats; the page says so when it is reached
Row = TypeVar("Row", bound=Model)


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
        for row in with_children(rows, now).order_by("arrived_at", "pk")[:MOST]
    ]


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
