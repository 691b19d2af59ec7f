"""Both practices, as of one moment, in one transaction."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random

from clinic.audit import acting, record, system
from clinic.models import Clinic
from desk.demo import answers, between, people, places, rems, screens, signatures, stories, tasks
from desk.demo.charts import Charts, Standing
from desk.demo.courses import Courses
from desk.demo.messages import Ledger, ask_from_home
from desk.demo.people import Person
from desk.demo.places import Site
from desk.demo.rows import Rows
from desk.demo.story import Told
from desk.demo.today import NASAL, SCENES, SMALL_SCENES, Cast, Scene
from outcomes import planning as due
from patients.models import ConsentTemplate, Patient, PatientPolicy
from patients.rules import ADULT_AGE
from patients.services import consent_signing, consent_templates
from patients.services.consent_signing import Signed
from reminders import planning
from sessions.models import Protocol, TreatmentSession
from sessions.services import booking, moving, orders, publishing
from sessions.services.booking import Choice
from sessions.services.orders import OrderedDose

DEMO, MADE = system("demo"), "demo.made"
SEED = 20_261_123
AT_RIVERSIDE = 46  # of all people; the others go to Harbor
BOOKED_AT = time(18)
FIRST_DOSE_MG = Decimal(56)
SPRAY_TEXT = "consent-esketamine"
DRAWN = (
    "M60 130L80 70L100 40L112 60L104 110L92 150L120 120L150 96L170 104L160 130L176 136L210 100"
    "L236 96L230 128L252 130L290 90L320 84L312 120L340 124L400 96L470 108L540 88"
)
RECENT = timedelta(days=2)  # longer ago nothing is left to be sent


@dataclass(frozen=True, slots=True)
class Made:
    clinics: int
    patients: int
    sessions: int


def build(now: datetime) -> Made:
    """Make the demo clinics in an empty database, with a day that is in full swing `now`."""
    rng = Random(SEED)  # noqa: S311 - the same demo every time
    everybody = list(people.everybody())
    with acting(DEMO):
        publishing.load_shipped()
        consent_templates.load_shipped()
        riverside, harbor = places.make_sites(now)
        _information(riverside)
        for site in (riverside, harbor):
            rems.open_site(site, now)
        with_own = _own_protocol(riverside)
        Practice(riverside, now, rng, everybody[:AT_RIVERSIDE], with_own).make(
            SCENES, stories.RIVERSIDE
        )
        Practice(harbor, now, rng, everybody[AT_RIVERSIDE:], {}).make(SMALL_SCENES, stories.HARBOR)
        due.open_due(now)
        ask_from_home(riverside.clinic, now)
        record(MADE)
    return Made(Clinic.objects.count(), Patient.objects.count(), TreatmentSession.objects.count())


def _own_protocol(site: Site) -> dict[str, Protocol]:
    """Give the practice a taper of its own, in two versions; return the older, retired one."""
    shipped = Protocol.objects.get(key=stories.TAPER)
    by = site.staff.administrator
    older = publishing.new_draft(shipped, by=by, clinic_id=site.clinic.pk)
    publishing.publish(older.pk, by=by)
    newer = publishing.new_draft(shipped, by=by, clinic_id=site.clinic.pk)
    publishing.publish(newer.pk, by=by)
    publishing.retire(older.pk, by=by)
    return {stories.TAPER: Protocol.objects.select_related("monitoring").get(pk=older.pk)}


def _information(site: Site) -> None:
    """Name whom patients may turn to, with a number that is nobody's."""
    PatientPolicy.objects.create(
        clinic=site.clinic,
        crisis_line="Riverside crisis line, day and night: +1 212 555 0199",
        support="Evening support group in the community house\nAdvice for families, Tuesdays",
    )


class Practice:
    """Everything that happens at one site."""

    def __init__(
        self,
        site: Site,
        now: datetime,
        rng: Random,
        persons: list[Person],
        own_protocols: dict[str, Protocol],
    ) -> None:
        self.site, self.now, self.own_protocols = site, now, own_protocols
        self.rows = Rows()
        self.charts = Charts(self.rows, site, now, rng)
        self.courses = Courses(self.rows, site, now, rng)
        self.persons = iter(sorted(persons, key=lambda person: person.age < ADULT_AGE))
        self.protocols = {
            protocol.key: protocol
            for protocol in Protocol.objects.filter(clinic__isnull=True).select_related(
                "monitoring"
            )
        }

    def make(self, scenes: tuple[Scene, ...], courses: tuple[stories.Course, ...]) -> None:
        cast = Cast(self.charts, self.courses, self.persons, self.protocols, self.now)
        by_scene = {scene.name: cast.play(scene) for scene in scenes}
        for course in courses:
            self._tell(course)
        for standing in stories.WAITING:
            self.charts.make(next(self.persons), standing, known_for=20)
        booked = [
            self.charts.make(next(self.persons), standing, known_for=9).patient
            for standing in stories.BOOKED
        ]
        for person in self.persons:
            self.charts.make(person, Standing(screen="none"), known_for=3)
        self._write(by_scene["expected"])
        self._move_one()
        for place, patient in enumerate(booked):
            self._book(patient, place)
            self._sign(patient)
        screens.tell(booked[0], booked[-1], self.site.staff)
        answers.tell(self.site.clinic, self.now)

    def _tell(self, course: stories.Course) -> None:
        story = course.story
        died_at = None
        if course.died and story.stopped_days_ago is not None:
            died_at = self.now - timedelta(days=story.stopped_days_ago)
        chart = self.charts.make(
            next(self.persons),
            Standing(email=course.email),
            known_for=story.days_ago + 20,
            died_at=died_at,
        )
        source = self.own_protocols if course.own_version else self.protocols
        self.courses.tell(chart, story, source[story.key])

    def _write(self, unreached: Told) -> None:
        told = self.courses.told
        sessions = [row for course in told for row in course.sessions]
        signed, unsigned = signatures.split(sessions)
        ledger = Ledger(self.rows, self.site, self.now)
        ledger.tell(told)
        if unreached.today is not None:
            ledger.fail(unreached.today)
        self.rows.write()
        tasks.ask(told, unsigned, self.now)
        between.tell(told, self.site.staff.nurse, self.now)
        signatures.sign(signed, self.site.staff.prescriber, self.now)
        if self.site.clinic.wants_rems:
            rems.file_forms(self.site.clinic, self.site.staff.nurse, self.now)
        recent = (row for row in sessions if row.starts_at > self.now - RECENT)
        planning.plan(recent, self.now)

    def _move_one(self) -> None:
        """Move a session of the week after next to another time: its old reminder is cancelled."""
        rows = (row for told in self.courses.told for row in told.sessions)
        row = next(row for row in rows if row.starts_at > self.now + timedelta(days=11))
        starts_at, chair = self.courses.another_time(row)
        local = starts_at.astimezone(self.site.clinic.zone)
        moving.move(
            row.pk,
            day=local.date(),
            wall_time=local.time(),
            chair=chair,
            reason="The bus comes later on that day.",
            by=self.site.staff.front_desk,
            version=row.version,
        )

    def _sign(self, patient: Patient) -> None:
        """Let the newcomer sign the consent to treatment on the tablet."""
        text = ConsentTemplate.objects.get(key=SPRAY_TEXT, clinic=None)
        ticked = frozenset(range(len(text.ticks)))
        signed = Signed(typed_name=str(patient), ticked=ticked, drawing=DRAWN)
        consent_signing.sign(patient.pk, text.pk, signed, by=self.site.staff.nurse)

    def _book(self, patient: Patient, place: int) -> None:
        """Book a first course from next week on, on weekdays of its own, and order the dose."""
        today = self.courses.today
        monday = today + timedelta(days=7 - today.weekday())
        starts_on = monday + timedelta(days=8 * place)
        weekdays = (place, place + 3)
        choice = Choice(patient, self.protocols[NASAL], starts_on, weekdays, BOOKED_AT)
        course = booking.book(choice, by=self.site.staff.front_desk, accept_unplaced=True)
        ordered = OrderedDose(FIRST_DOSE_MG, valid_from=starts_on)
        orders.order_dose(
            course.pk,
            ordered,
            by=self.site.staff.prescriber,
        )
