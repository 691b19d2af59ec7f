"""Who is in a run: clinics, their patients, and the visits that they are reminded of."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic import clock
from clinic.audit import acting, system
from clinic.models import Chair, Clinic, Membership, OpeningHours, Room, User
from clinic.roles import Role
from patients.models import Consent, EmailContact, Patient
from sessions import ports
from sessions.models import Protocol, ProtocolPhase, TreatmentCourse, TreatmentSession

FILL = system("faults")
ZONES = (
    *("Pacific/Auckland", "Australia/Adelaide", "Asia/Tokyo", "Asia/Shanghai", "Asia/Kathmandu"),
    *("Asia/Kolkata", "Asia/Dubai", "Europe/Istanbul", "Europe/Berlin", "Europe/London"),
    *("Atlantic/Azores", "America/Sao_Paulo", "America/New_York", "America/Chicago"),
    *("America/Denver", "America/Los_Angeles", "Pacific/Honolulu", "Pacific/Apia"),
)
ROLES = (Role.FRONT_DESK, Role.NURSE, Role.PRESCRIBER)
LEAD = timedelta(hours=24)
NOWHERE = "Nowhere/Land"  # no such zone


@dataclass(frozen=True)
class Zones:
    """Where it is day, and where it is night, for the hours of a run."""

    day: list[str]
    night: list[str]

    @classmethod
    def at(cls, now: datetime) -> "Zones":
        hours = {name: now.astimezone(ZoneInfo(name)).hour for name in ZONES}
        day = [name for name, hour in hours.items() if 9 <= hour <= 17]
        return cls(day, [name for name, hour in hours.items() if hour >= 20 or hour < 6])


def user() -> User:
    """Return who books and cancels, as a page has him."""
    found = User.objects.filter(username="faults").first()
    if found is not None:
        return found
    with acting(FILL):
        return User.objects.create_user("faults", "faults@example.com", "taper-demo")


def protocol() -> Protocol:
    return Protocol.objects.get(key="esketamine-trd-us", status="published", clinic=None)


def clinic_of(
    size: int,
    zone: str,
    *,
    address: Callable[[int], str] = "patient{}".format,
    lives_in: Callable[[], str] | None = None,
) -> list[Patient]:
    """Make patients who may be booked and written to, in a clinic with a chair for each.

    `address` gets the key of a patient, `lives_in` the next one's zone: else it is the clinic's.
    """
    now, by = clock.now(), user()
    with acting(FILL):
        number = Clinic.objects.count()
        clinic = Clinic.objects.create(
            name=f"Ketamine Clinic {number}",  # must never reach a mail
            sender_name=f"Practice {number}",
            time_zone=zone,
            phone="+49 30 23125 099",
        )
        Membership.objects.bulk_create(
            Membership(user=by, clinic=clinic, role=role) for role in ROLES
        )
        OpeningHours.objects.bulk_create(
            OpeningHours(clinic=clinic, weekday=day, opens_at=time.min, closes_at=time(23, 59))
            for day in range(7)
        )
        room = Room.objects.create(clinic=clinic, name="Room")
        Chair.objects.bulk_create(
            Chair(room=room, name=f"{place}", order=place) for place in range(size)
        )
        patients = Patient.objects.bulk_create(
            Patient(
                clinic=clinic,
                given_name=f"Given{number}x{place}",
                family_name=f"Family{place}",
                birth_date="1980-05-17",
                record_number=f"F{place:04}",
                language="en",
            )
            for place in range(size)
        )
        EmailContact.objects.bulk_create(
            EmailContact(
                patient=patient,
                clinic=clinic,
                address=f"{address(patient.pk)}@mail.example",
                verified_at=now,
                time_zone=lives_in() if lives_in else zone,
            )
            for patient in patients
        )
        Consent.objects.bulk_create(
            Consent(
                patient=patient,
                clinic=clinic,
                kind=kind,
                given_at=now - timedelta(days=30),
                recorded_by=by,
            )
            for patient in patients
            for kind in (Consent.Kind.TREATMENT, Consent.Kind.EMAIL)
        )
    # As a page reads them: dates are dates, not what was typed.
    return list(Patient.objects.filter(clinic=clinic).select_related("clinic").order_by("pk"))


def chairs_of(patients: Sequence[Patient]) -> list[Chair]:
    """Return a chair for each of these patients of one clinic."""
    chairs = Chair.objects.filter(room__clinic=patients[0].clinic_id).order_by("pk")
    return list(chairs[: len(patients)])


def courses_of(patients: Iterable[Patient], starts_on: datetime) -> list[TreatmentCourse]:
    """Give each a course without visits."""
    used, by = protocol(), user()
    with acting(FILL):
        return TreatmentCourse.objects.bulk_create(
            TreatmentCourse(
                patient=patient,
                clinic_id=patient.clinic_id,
                protocol=used,
                starts_on=starts_on.date(),
                weekdays=[0, 3],
                time_of_day=time(10),
                created_by=by,
            )
            for patient in patients
        )


def first_phase() -> ProtocolPhase:
    return protocol().phases.earliest("order")


def visit_of(
    course: TreatmentCourse,
    phase: ProtocolPhase,
    chair: Chair,
    starts_at: datetime,
    *,
    number: int = 1,
    scheduled_at: datetime | None = None,
) -> TreatmentSession:
    """Return a visit that is not saved yet."""
    starts_at = starts_at.replace(microsecond=0)
    day = starts_at.date()
    return TreatmentSession(
        course=course,
        patient_id=course.patient_id,
        clinic_id=course.clinic_id,
        phase=phase,
        number=number,
        number_in_phase=number,
        week=1,
        nominal_on=day,
        window_from=day - timedelta(days=6),
        window_to=day + timedelta(days=30),
        chair=chair,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=course.protocol.visit_minutes),
        scheduled_at=scheduled_at or clock.now(),
    )


def save(visits: Sequence[TreatmentSession]) -> None:
    """Save them and plan what is due about them."""
    with acting(FILL):
        ports.booked(TreatmentSession.objects.bulk_create(visits))


def book_each(patients: Sequence[Patient], starts_at: datetime) -> None:
    """Book each patient of a clinic a visit at this time."""
    phase, courses = first_phase(), courses_of(patients, starts_at)
    pairs = zip(courses, chairs_of(patients), strict=True)
    save([visit_of(course, phase, chair, starts_at) for course, chair in pairs])


def poison(size: int, starts_at: datetime) -> None:
    """Book patients whose mails can't be written: what the clock of their clinic shows is asked
    for in the middle of a mail."""
    patients = clinic_of(size, Zones.at(clock.now()).day[0])
    book_each(patients, starts_at)
    with acting(FILL):
        Clinic.objects.filter(pk=patients[0].clinic_id).update(time_zone=NOWHERE)
