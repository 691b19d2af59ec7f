"""Everybody who is in the house now, with all that their card needs: one query for any number."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Model

from clinic.models import Clinic, PrescriberEnrolment, RemsCertification
from clinic.times import day_bounds
from desk import present_rows
from monitoring.before_dose import Today
from monitoring.calls import Acknowledged, acknowledged_of
from monitoring.models import (
    AdverseEvent,
    PreDoseCheck,
    PreDosePolicy,
    PregnancyAnswer,
    SerotoninCheck,
)
from monitoring.readings import (
    Administration,
    Assessment,
    Escort,
    History,
    Medicine,
    Reading,
    Settings,
    first_dose_at,
)
from monitoring.services import predose
from monitoring.services.history import of_visit
from monitoring.services.predose_rows import is_of_visit
from monitoring.trouble import Trouble, grave, troubles
from monitoring.watching import Person, Watch, watch
from monitoring.way_home import Note, escort_of, means_to_drive
from patients.medicines.interactions import Context
from patients.medicines.review import Review, Seen, review
from patients.models import (
    Allergy,
    Condition,
    Consent,
    Medication,
    RemsEnrolment,
    SafetyScreen,
    ScreenPolicy,
)
from patients.naming import initials
from patients.screening.basis import Fact, facts
from patients.screening.treatment import treatment
from sessions import rems
from sessions.models import DoseOrder, DosingPolicy, Protocol
from sessions.models.protocol import Route
from sessions.services.authorization import OnChart, stands_on

MOST = 100  # more than any clinic seats; the page says so when it is reached
Made = TypeVar("Made", bound=Model)
Row = Mapping[str, Any]


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
    birth_date: date
    today: date  # in the clinic's zone
    phase: str
    number_in_phase: int
    phase_count: int | None
    route: str
    place: str
    chair_id: int | None
    next_booking: NextBooking | None
    chart: OnChart | None  # what the first dose rests on, until it is given
    before: Today | None  # what today's check says, until then
    rest_minutes: int
    settings: Settings
    history: History = field(default_factory=History)
    acknowledged: tuple[Acknowledged, ...] = ()
    watch: Watch = field(default_factory=Watch)


class House:
    """The rows of everybody who is here, found by the session, patient or chair they belong to."""

    def __init__(self, clinic: Clinic, now: datetime, *, on_site: bool) -> None:
        self.clinic, self.on_site = clinic, on_site
        self.today = now.astimezone(clinic.zone).date()
        begin, end = day_bounds(clinic, self.today, self.today)
        rows = present_rows.read(clinic.pk, begin, end, MOST)
        self.people: list[Row] = rows["here"]
        self.settings, self.rest_minutes = _settings(rows["template"], rows["check"])
        of_session = present_rows.OF
        self.stays = _one_each(rows["stay"], of_session)
        self.vitals = _by(rows["vitals"], of_session)
        self.given = _by(rows["given"], of_session)
        self.stops = _by(rows["stop"], of_session)
        self.missed = _by(rows["missed"], of_session)
        self.other_medicines = _by(rows["other_medicine"], of_session)
        wrong = (rows[name] for name in ("wrong_vitals", "wrong_dose", "wrong_medicine"))
        self.withdrawn = _by([row for found in wrong for row in found], of_session)
        self.events = _by(rows["event"], of_session)
        self.events_written = _by(rows["event_written"], of_session)
        self.emergencies = _by(rows["emergency"], of_session)
        self.panics = _by(rows["panic"], of_session)
        self.serotonin = _one_each(rows["serotonin"], of_session)
        self.escorts = _one_each(rows["escort"], of_session)
        self.way_home = _by(rows["way_home"], of_session)
        self.acknowledged = _by(rows["acknowledged"], of_session)
        self.watches = _by(rows["watch"], of_session)
        self.assessments = _one_each(rows["assessment"], of_session)
        self.checks = _one_each(rows["predose_check"], of_session)
        self.policy = PreDosePolicy(**next(iter(rows["policy"]), {}))
        self.weight_days = DosingPolicy(**next(iter(rows["dosing"]), {})).weight_days
        self.privates = _one_each(rows["private"], "of_patient")
        self.weights = _one_each(rows["weight"], "of_patient")
        self.zone = clinic.zone
        self.consents = _one_each(rows["consent"], "patient_id")
        self.screens = _one_each(rows["screen"], "patient_id")
        screening = next(iter(rows["screen_policy"]), None)
        self.reasks = (ScreenPolicy(**screening) if screening else ScreenPolicy()).reasks
        self.conditions = _by(rows["condition"], "patient_id")
        self.medicines = _by(rows["medicine"], "patient_id")
        self.allergies = _by(rows["allergy"], "patient_id")
        self.reviews = _by(rows["review"], "patient_id")
        self.orders = _one_each(rows["order"], "course_id")
        self.enrolments = _one_each(rows["enrolment"], "patient_id")
        self.certification = next(iter(rows["certification"]), None)
        self.rems_prescribers = _one_each(rows["rems_prescriber"], "person_id")
        self.bookings = _by(rows["booking"], "chair_id")

    def day_of(self, text: str) -> date:
        """Return the clinic's day of a moment."""
        return _moment(text).astimezone(self.zone).date()


def _by(rows: list[Row], key: str) -> Mapping[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def _one_each(rows: list[Row], key: str) -> Mapping[int, Row]:
    return {row[key]: row for row in rows}


def _settings(
    templates: list[Row], checks: list[Row]
) -> tuple[dict[int, Settings], dict[int, int]]:
    """Return the numbers of each protocol, and its minutes between two devices."""
    settings, rest = {}, {}
    of_protocol = _by(checks, "protocol_id")
    for row in templates:
        values = dict(row)
        protocol = values.pop("protocol_id")
        rest[protocol] = values.pop("rest_between_devices_minutes")
        settings[protocol] = Settings.from_mapping({**values, "checks": of_protocol[protocol]})
    return settings, rest


def present(
    clinic: Clinic, now: datetime, jumped_at: datetime | None, *, on_site: bool = True
) -> list[PresentSession]:
    """Return who is here; `on_site` says whether a prescriber is."""
    house = House(clinic, now, on_site=on_site)
    return [_session(row, house, jumped_at) for row in house.people]


def _session(row: Row, house: House, jumped_at: datetime | None) -> PresentSession:
    before_dose = row["status"] in predose.TAKES_A_DOSE
    arrived_at = _moment(row["arrived_at"]) if row["arrived_at"] else None
    starts_at, stay = _moment(row["starts_at"]), house.stays.get(row["id"])
    history = _history(row["id"], house, jumped_at)
    chair_id = stay["chair_id"] if stay else row["chair_id"]
    return PresentSession(
        public_id=row["public_id"],
        status=row["status"],
        starts_at=starts_at,
        ends_at=_moment(row["ends_at"]),
        arrived_at=arrived_at,
        given_name=row["given_name"],
        family_name=row["family_name"],
        birth_date=date.fromisoformat(row["birth_date"]),
        today=house.today,
        phase=row["phase_name"],
        number_in_phase=row["number_in_phase"],
        phase_count=row["phase_count"],
        route=row["route"],
        place=_place(stay or row),
        chair_id=chair_id,
        next_booking=_next_booking(house.bookings.get(chair_id, ()), starts_at),
        chart=_chart(row, house, arrived_at) if before_dose else None,
        before=_before(row, house, history, arrived_at) if before_dose else None,
        rest_minutes=house.rest_minutes[row["protocol_id"]],
        settings=house.settings[row["protocol_id"]],
        history=history,
        acknowledged=tuple(
            acknowledged_of(known["how"], known["alerts"])
            for known in house.acknowledged.get(row["id"], ())
        ),
        watch=watch(map(_watch_row, house.watches.get(row["id"], ()))),
    )


def _place(where: Row) -> str:
    return f"{where['room']} · {where['seat']}" if where["seat"] else where["place"]


def _next_booking(planned: Iterable[Row], starts_at: datetime) -> NextBooking | None:
    """Return who is booked next on the chair where the patient really sits."""
    for row in planned:
        if (moment := _moment(row["starts_at"])) > starts_at:
            given, family = row["patient__given_name"], row["patient__family_name"]
            return NextBooking(moment, initials(given, family))
    return None


def _chart(row: Row, house: House, arrived_at: datetime | None) -> OnChart:
    order = _made(DoseOrder, house.orders.get(row["course_id"]))
    return OnChart(
        birth_date=date.fromisoformat(row["birth_date"]),
        deceased=row["deceased"],
        consent=_consent(house.consents.get(row["patient_id"])),
        screen=_made(SafetyScreen, house.screens.get(row["patient_id"])),
        order=order if order and stands_on(order, house.today) else None,
        medicines=_medicines(row, house, arrived_at),
        planned=treatment(row["drug"], row["route"], row["jurisdiction"]),
        facts=_facts(row["patient_id"], house),
        reasks=house.reasks,
        rems=_rems(row, house),
    )


def _facts(patient_id: int, house: House) -> list[Fact]:
    return facts(
        (_row(Condition, found) for found in house.conditions.get(patient_id, ())),
        (_row(Medication, found) for found in house.medicines.get(patient_id, ())),
        (_row(Allergy, found) for found in house.allergies.get(patient_id, ())),
        house.today,
    )


def _rems(row: Row, house: House) -> rems.Enrolled | None:
    plan = Protocol(jurisdiction=row["jurisdiction"], drug=row["drug"], route=row["route"])
    if not rems.applies(house.clinic, plan):
        return None
    enrolled = house.rems_prescribers.items()
    made = ((person, _made(PrescriberEnrolment, found)) for person, found in enrolled)
    return rems.Enrolled(
        _made(RemsCertification, house.certification),
        _made(RemsEnrolment, house.enrolments.get(row["patient_id"])),
        {person: found for person, found in made if found},
        house.on_site,
    )


def _medicines(row: Row, house: House, arrived_at: datetime | None) -> Review:
    rows = [_made(Medication, each) for each in house.medicines.get(row["patient_id"], ())]
    texts = [each.text for each in rows if each and each.is_current(house.today)]
    if check := _check(house.checks.get(row["id"]), arrived_at):
        texts += check.told_medicines
    seen = {each["about"]: Seen() for each in house.reviews.get(row["patient_id"], ())}
    return review(texts, [Context(row["drug"], row["route"])], seen)


def _consent(found: Row | None) -> Consent | None:
    if found is None:
        return None
    values = dict(found)
    zone = values.pop("zone")
    return _made(Consent, values, clinic=Clinic(time_zone=zone))


def _before(row: Row, house: House, known: History, arrived_at: datetime | None) -> Today:
    patient = row["patient_id"]
    private, weight = house.privates.get(patient), house.weights.get(patient)
    return Today(
        check=_check(house.checks.get(row["id"]), arrived_at),
        visit=of_visit(known, arrived_at),
        first_dose=first_dose_at(known.administrations),
        settings=house.settings[row["protocol_id"]],
        policy=house.policy,
        on=house.today,
        birth_date=date.fromisoformat(row["birth_date"]),
        sex=row["sex"],
        pregnancy=PregnancyAnswer(pk=private["id"], answer=private["answer"]) if private else None,
        pregnancy_on=house.day_of(private["asked_at"]) if private else None,
        weighed_on=house.day_of(weight["observed_at"]) if weight else None,
        weight_days=house.weight_days,
        history=known,
        goes_on=_goes_on(row["id"], house),
    )


def _goes_on(pk: int, house: House) -> tuple[Trouble, ...]:
    return troubles(
        (_row(AdverseEvent, event) for event in house.events.get(pk, ())),
        worst=_grave(pk, house),
        panics=[row["id"] for row in house.panics.get(pk, ())],
    )


def _grave(pk: int, house: House) -> tuple[Trouble, ...]:
    check = _made(SerotoninCheck, house.serotonin.get(pk))
    return grave(
        emergencies=[row["id"] for row in house.emergencies.get(pk, ())],
        serotonin=check.pk if check and check.result.shows_emergency else None,
    )


def _check(found: Row | None, arrived_at: datetime | None) -> PreDoseCheck | None:
    check = _made(PreDoseCheck, found)
    return check if check and is_of_visit(check, arrived_at) else None


def _made(model: type[Made], found: Row | None, **related: Model) -> Made | None:
    """Make a row of JSON values that the rules can ask; it is never saved."""
    return None if found is None else _row(model, found, **related)


def _row(model: type[Made], found: Row, **related: Model) -> Made:
    values = {name: _field(model, name).to_python(value) for name, value in found.items()}
    return model(**values, **related)


def _field(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name)


def _history(  # as monitoring.services.history builds it for one session; a test holds them equal
    pk: int, house: House, jumped_at: datetime | None
) -> History:
    stops = {stop["number"]: stop for stop in house.stops.get(pk, ())}
    given = house.given.get(pk, ())
    administrations = tuple(_administration(dose, stops.get(dose["number"])) for dose in given)
    first_dose = first_dose_at(administrations)
    assessed = house.assessments.get(pk)
    events = house.events.get(pk, ())
    notes = [Note(row["kind"], _moment(row["at"])) for row in house.way_home.get(pk, ())]
    return History(
        readings=tuple(_reading(vitals) for vitals in house.vitals.get(pk, ())),
        administrations=administrations,
        unresolved_adverse_events=tuple(event["term"] for event in events),
        escort=_escort(house.escorts.get(pk), notes),
        means_to_drive=means_to_drive(notes),
        assessment=_assessment(assessed) if assessed else None,
        missed={check["label"]: check["reason"] for check in house.missed.get(pk, ())},
        medicines=tuple(_medicine(row) for row in house.other_medicines.get(pk, ())),
        withdrawn_at=_last_written(house.withdrawn.get(pk, ())),
        going_on=tuple(one.words for one in _grave(pk, house)),
        event_written_at=_last_written(house.events_written.get(pk, ())),
        clock_suspect=bool(first_dose and jumped_at and jumped_at > first_dose),
        events_known_at=_last_written(events),
    )


def _last_written(rows: Iterable[Row]) -> datetime | None:
    return max((_moment(row["recorded_at"]) for row in rows), default=None)


def _escort(named: Row | None, notes: list[Note]) -> Escort | None:
    return escort_of(named["name"], _moment(named["recorded_at"]), notes) if named else None


def _medicine(row: Row) -> Medicine:
    return Medicine(
        row["id"],
        f"{row['drug']} {row['dose']}",
        _moment(row["given_at"]),
        row["effect"],
        row["minutes"],
        _moment(row["recorded_at"]),
    )


def _watch_row(row: Row) -> Row:
    return {"kind": row["kind"], "watcher": Person(row["watcher_id"], _name(row, "watcher"))}


def _name(row: Row, at: str) -> str:
    whole = f"{row[f'{at}__first_name']} {row[f'{at}__last_name']}"
    return whole.strip() or str(row[f"{at}__username"])


def _assessment(given: Row) -> Assessment:
    return Assessment(
        _name(given, "assessed_by"),
        _moment(given["assessed_at"]),
        given["ready"],
        given["decisions"],
        given["by_prescriber"],
    )


def _reading(row: Row) -> Reading:
    oxygen, temperature = row["oxygen_l_min"], row["temperature"]
    return Reading(
        row["id"],
        _moment(row["observed_at"]),
        _moment(row["recorded_at"]),
        row["systolic"],
        row["diastolic"],
        row["pulse"],
        row["spo2"],
        None if oxygen is None else Decimal(str(oxygen)),
        row["respiratory_rate"],
        None if temperature is None else Decimal(str(temperature)),
        row["sedation"],
        row["dissociation"],
        row["not_obtained"],
        row["late_reason"],
    )


def _administration(dose: Row, stop: Row | None) -> Administration:
    given_at, route = _moment(dose["given_at"]), dose["route"]
    recorded_at = _moment(dose["recorded_at"])
    if route == Route.NASAL:
        return Administration(given_at, given_at, route, recorded_at)
    if stop is None:
        return Administration(given_at, None, route, recorded_at)
    recorded_at = max(recorded_at, _moment(stop["recorded_at"]))
    return Administration(given_at, _moment(stop["at"]), route, recorded_at)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
