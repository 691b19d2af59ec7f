"""Everybody who is in the house now, with all that their card needs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from clinic.models import Clinic, PrescriberEnrolment, RemsCertification
from desk.house import House
from desk.json_rows import (
    Row,
    administration,
    assessment,
    last_written,
    made,
    medicine,
    moment,
    reading,
    row_of,
    watch_row,
)
from monitoring.calls import Acknowledged, acknowledged_of
from monitoring.models import AdverseEvent, PreDoseCheck, PregnancyAnswer, SerotoninCheck
from monitoring.oxygen import oxygen_at
from monitoring.readings import Escort, History, Settings, first_dose_at
from monitoring.services import predose
from monitoring.services.history import of_visit
from monitoring.services.predose_rows import is_of_visit
from monitoring.today import Today
from monitoring.trouble import Trouble, grave, troubles
from monitoring.watching import Watch, watch
from monitoring.way_home import Named, Note, escort_of, means_to_drive
from patients.medicines.interactions import Context
from patients.medicines.review import Review, Seen, review
from patients.models import Allergy, Condition, Consent, Medication, RemsEnrolment, SafetyScreen
from patients.naming import initials
from patients.screening.basis import Fact, facts
from patients.screening.treatment import treatment
from sessions import rems
from sessions.models import DoseOrder, Protocol
from sessions.services.authorization import OnChart, stands_on


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


def present(
    clinic: Clinic, now: datetime, jumped_at: datetime | None, *, on_site: bool = True
) -> list[PresentSession]:
    """Return who is here; `on_site` says whether a prescriber is."""
    house = House(clinic, now, on_site=on_site)
    return [_session(row, house, jumped_at) for row in house.people]


def _session(row: Row, house: House, jumped_at: datetime | None) -> PresentSession:
    before_dose = row["status"] in predose.TAKES_A_DOSE
    arrived_at = moment(row["arrived_at"]) if row["arrived_at"] else None
    starts_at, stay = moment(row["starts_at"]), house.stays.get(row["id"])
    history = _history(row["id"], house, jumped_at)
    chair_id = stay["chair_id"] if stay else row["chair_id"]
    return PresentSession(
        public_id=row["public_id"],
        status=row["status"],
        starts_at=starts_at,
        ends_at=moment(row["ends_at"]),
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
        watch=watch(map(watch_row, house.watches.get(row["id"], ()))),
    )


def _place(where: Row) -> str:
    return f"{where['room']} · {where['seat']}" if where["seat"] else where["place"]


def _next_booking(planned: Iterable[Row], starts_at: datetime) -> NextBooking | None:
    """Return who is booked next on the chair where the patient really sits."""
    for row in planned:
        if (booked_at := moment(row["starts_at"])) > starts_at:
            given, family = row["patient__given_name"], row["patient__family_name"]
            return NextBooking(booked_at, initials(given, family))
    return None


def _chart(row: Row, house: House, arrived_at: datetime | None) -> OnChart:
    order = made(DoseOrder, house.orders.get(row["course_id"]))
    return OnChart(
        birth_date=date.fromisoformat(row["birth_date"]),
        deceased=row["deceased"],
        consent=_consent(house.consents.get(row["patient_id"])),
        screen=made(SafetyScreen, house.screens.get(row["patient_id"])),
        order=order if order and stands_on(order, house.today) else None,
        medicines=_medicines(row, house, arrived_at),
        planned=treatment(row["drug"], row["route"], row["jurisdiction"]),
        facts=_facts(row["patient_id"], house),
        reasks=house.reasks,
        rems=_rems(row, house),
    )


def _facts(patient_id: int, house: House) -> list[Fact]:
    return facts(
        (row_of(Condition, found) for found in house.conditions.get(patient_id, ())),
        (row_of(Medication, found) for found in house.medicines.get(patient_id, ())),
        (row_of(Allergy, found) for found in house.allergies.get(patient_id, ())),
        house.today,
    )


def _rems(row: Row, house: House) -> rems.Enrolled | None:
    plan = Protocol(jurisdiction=row["jurisdiction"], drug=row["drug"], route=row["route"])
    if not rems.applies(house.clinic, plan):
        return None
    enrolled = house.rems_prescribers.items()
    prescribers = {person: row_of(PrescriberEnrolment, found) for person, found in enrolled}
    return rems.Enrolled(
        made(RemsCertification, house.certification),
        made(RemsEnrolment, house.enrolments.get(row["patient_id"])),
        prescribers,
        house.on_site,
    )


def _medicines(row: Row, house: House, arrived_at: datetime | None) -> Review:
    rows = [made(Medication, each) for each in house.medicines.get(row["patient_id"], ())]
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
    return made(Consent, values, clinic=Clinic(time_zone=zone))


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
        (row_of(AdverseEvent, event) for event in house.events.get(pk, ())),
        worst=_grave(pk, house),
        panics=[row["id"] for row in house.panics.get(pk, ())],
        no_better=house.no_better,
    )


def _grave(pk: int, house: House) -> tuple[Trouble, ...]:
    check = made(SerotoninCheck, house.serotonin.get(pk))
    return grave(
        emergencies=[row["id"] for row in house.emergencies.get(pk, ())],
        serotonin=check.pk if check and check.result.shows_emergency else None,
    )


def _check(found: Row | None, arrived_at: datetime | None) -> PreDoseCheck | None:
    check = made(PreDoseCheck, found)
    return check if check and is_of_visit(check, arrived_at) else None


def _history(  # as monitoring.services.history builds it for one session; a test holds them equal
    pk: int, house: House, jumped_at: datetime | None
) -> History:
    stops = {stop["number"]: stop for stop in house.stops.get(pk, ())}
    given = house.given.get(pk, ())
    administrations = tuple(administration(dose, stops.get(dose["number"])) for dose in given)
    first_dose = first_dose_at(administrations)
    assessed = house.assessments.get(pk)
    events = house.events.get(pk, ())
    notes = [Note(row["kind"], moment(row["at"])) for row in house.way_home.get(pk, ())]
    return History(
        readings=tuple(reading(vitals) for vitals in house.vitals.get(pk, ())),
        administrations=administrations,
        unresolved_adverse_events=tuple(event["term"] for event in events),
        escort=_escort(house.escorts.get(pk, ()), notes),
        means_to_drive=means_to_drive(notes),
        assessment=assessment(assessed) if assessed else None,
        missed={check["label"]: check["reason"] for check in house.missed.get(pk, ())},
        medicines=tuple(medicine(row) for row in house.other_medicines.get(pk, ())),
        withdrawn_at=last_written(house.withdrawn.get(pk, ())),
        going_on=tuple(one.words for one in _grave(pk, house)),
        event_written_at=last_written(house.events_written.get(pk, ())),
        clock_suspect=bool(first_dose and jumped_at and jumped_at > first_dose),
        events_known_at=last_written(events),
        oxygen_at=_oxygen_at(pk, house),
    )


def _oxygen_at(pk: int, house: House) -> datetime | None:
    medicines = house.other_medicines.get(pk, ())
    return oxygen_at(
        (moment(row["at"]) for row in house.oxygen.get(pk, ())),
        [(row["drug"], moment(row["given_at"])) for row in medicines],
    )


def _escort(rows: Iterable[Row], notes: list[Note]) -> Escort | None:
    named = [Named(row["name"], row["phone"], moment(row["recorded_at"])) for row in rows]
    return escort_of(named, notes)
