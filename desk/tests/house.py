"""A clinic in which every page has something to show: one row for each kind of address."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from clinic import heartbeat
from clinic.audit import acting
from clinic.models import Clinic, HandOver, OnSite, User
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_clinic, make_staff
from desk.tests.factories import give, make_task, make_visit, measure, minutes
from monitoring.models import (
    AdverseEvent,
    Emergency,
    EmergencyAction,
    LeftUnnoticed,
    MedicationGiven,
    MissedCheck,
    PanicEntry,
    PanicEpisode,
    SearchStep,
    SerotoninCheck,
    VitalSigns,
)
from monitoring.services import predose
from monitoring.tests.visits import ANSWERS
from outcomes import services
from outcomes.instruments import registry
from outcomes.models import Assessment
from outcomes.services import Answered
from patients.models import (
    Allergy,
    BodyMeasure,
    Condition,
    Consent,
    ConsentTemplate,
    ImportDraft,
    MailHold,
    Medication,
    Patient,
    RemsEnrolment,
    Task,
)
from patients.models.draft import UploadedText
from patients.tests import bundles
from patients.tests.factories import make_patient, make_ready
from portal.models import ChangeRequest
from reminders.models import Message
from sessions.lifecycle import Status
from sessions.models import Dose, DoseWaste, InfusionEvent, TreatmentCourse, TreatmentSession
from sessions.tests.factories import make_order
from sessions.tests.rems import be_on_site, enrol_patient, make_certified

# What grows by looking, signing in and waiting; all other tables of ours are records.
NOT_RECORDS = {"AuditEvent", "AuditSeal", "Entry", "Heartbeat", "ImportDraft", "User"}
OURS = {"clinic", "patients", "treatment_sessions", "monitoring", "outcomes", "reminders", "portal"}


@dataclass
class House:
    patient: Patient
    newcomer: Patient
    medicine: Medication
    condition: Condition
    allergy: Allergy
    measure: BodyMeasure
    consent: Consent
    mail_consent: Consent
    text: ConsentTemplate
    assessment: Assessment
    task: Task
    stay: OnSite
    hand_over: HandOver
    enrolment: RemsEnrolment
    draft: ImportDraft
    course: TreatmentCourse
    planned: TreatmentSession
    arrived: TreatmentSession
    cleared: TreatmentSession
    cleared_drip: TreatmentSession
    dosing: TreatmentSession
    monitored: TreatmentSession
    over: TreatmentSession
    infused: TreatmentSession
    infused_course: TreatmentCourse
    dose: Dose
    waste: DoseWaste
    vitals: VitalSigns
    event: AdverseEvent
    serotonin: SerotoninCheck
    given: MedicationGiven
    search: LeftUnnoticed
    search_step: SearchStep
    mail_hold: MailHold
    failed: Message
    panic: PanicEpisode
    panic_entry: PanicEntry
    emergency: Emergency
    emergency_action: EmergencyAction
    change: ChangeRequest
    clinic: Clinic
    staff: dict[str, User]  # by role, and an outsider: a prescriber of another clinic


@contextmanager
def standing_house(blocker: Any) -> Iterator[House]:
    """Hold one house for a whole module: each test is a savepoint in its transaction."""
    with blocker.unblock(), transaction.atomic():
        clinic = make_clinic("North")
        staff = {str(role): make_staff(clinic, role) for role in Role}
        staff["outsider"] = make_staff(make_clinic(), Role.PRESCRIBER)
        yield make_house(clinic, staff)
        transaction.set_rollback(True)


def make_house(clinic: Clinic, staff: dict[str, User]) -> House:
    now, nurse, prescriber = timezone.now(), staff[Role.NURSE], staff[Role.PRESCRIBER]
    heartbeat.beat(heartbeat.SWEEP)

    def visit(status: str, **values: Any) -> TreatmentSession:
        begin = now - minutes(90)
        made = make_visit(clinic, nurse, status=status, starts_at=begin, **values)
        make_ready(made.patient, prescriber, email=f"{status}@mail.example")
        if not values:
            make_order(made.course, prescriber)
        return made

    planned, arrived, cleared = (
        visit(Status.PLANNED),
        visit(Status.CHECKED_IN),
        visit(Status.CLEARED),
    )
    dosing, monitored = visit(Status.DOSING), visit(Status.MONITORING)
    over = visit(Status.DISCHARGED, ended_at=now)
    infused = visit(Status.DOSING, key="ketamine-iv-twice-weekly")
    cleared_drip = visit(Status.CLEARED, key="ketamine-iv-twice-weekly")
    patient = planned.patient
    of_patient = {"patient": patient, "clinic": clinic}
    give(dosing, now - minutes(3), nurse)
    give(monitored, now - minutes(65), nurse)
    vitals = measure(monitored, now - minutes(80), nurse)
    measure(over, now - minutes(80), nurse)
    drip = give(infused, now - minutes(20), nurse, dose_mg=35, concentration_mg_ml=1)
    referral = bundles.encoded(bundles.bundle(bundles.patient())).decode()
    predose.complete(cleared.pk, ANSWERS, by=nurse)
    day_1 = planned.course.starts_on.weekday()
    planned.course.weekdays = sorted({day_1, (day_1 + 3) % 7})  # so that it can be planned again
    give(over, now - minutes(75), nurse)
    make_certified(clinic)
    relief = make_staff(clinic, Role.PRESCRIBER, "relief")
    offered = be_on_site(clinic, relief)
    with acting(TESTS):
        planned.course.save(update_fields=["weekdays"])
        InfusionEvent.objects.create(
            treatment_session=infused,
            dose=drip,
            kind="start",
            at=drip.given_at,
            recorded_at=now,
            by=nurse,
            rate_ml_h=Decimal("52.5"),
        )
        InfusionEvent.objects.create(
            treatment_session=infused,
            dose=drip,
            kind="pause",
            at=now - minutes(10),
            recorded_at=now,
            by=nurse,
            reason="Anxious",
        )
        BodyMeasure.objects.create(
            kind="weight",
            value=70,
            observed_at=now - minutes(90),
            patient=infused.patient,
            clinic=clinic,
        )
        MissedCheck.objects.create(
            treatment_session=over, label="40 minutes", reason="Asleep", by=nurse, at=now
        )
        newcomer = make_ready(make_patient(clinic), prescriber)
        Medication.objects.create(text="Xyzzanol", patient=newcomer, clinic=clinic)
        given = MedicationGiven.objects.create(
            treatment_session=monitored,
            drug="Ondansetron",
            drug_class="antiemetic",
            dose="4 mg",
            route="oral",
            given_at=now - minutes(50),
            given_by=nurse,
            ordered_by=prescriber,
            why="Nausea",
            effect="none",
            recorded_at=now,
        )
        episode = PanicEpisode.objects.create(
            treatment_session=arrived,
            event=AdverseEvent.objects.create(
                treatment_session=arrived,
                term="Panic or anxiety",
                severity="mild",
                onset_at=now - minutes(5),
                recorded_by=nurse,
                recorded_at=now,
            ),
            onset_at=now - minutes(5),
            recorded_by=nurse,
            recorded_at=now,
        )
        emergency = Emergency.objects.create(
            treatment_session=monitored, started_at=now, started_by=nurse
        )
        search = LeftUnnoticed.objects.create(
            treatment_session=over, last_seen_at=now, recorded_by=nurse, recorded_at=now
        )
        enrol_patient(over.patient, prescriber)
        invited = Message.objects.create(
            **of_patient,
            treatment_session=planned,
            kind="reminder",
            not_before=now - minutes(2),
            expires_at=now + minutes(2),
            schedule_rev=planned.schedule_rev,
            dedupe_key="invited",
        )
        change = ChangeRequest.objects.create(
            **of_patient,
            message=invited,
            treatment_session=planned,
            kind="reschedule",
            schedule_rev=planned.schedule_rev,
            wanted_at=_wednesday_at_ten(clinic),
            asked_at=now,
        )
        return House(
            patient=patient,
            newcomer=newcomer,
            medicine=Medication.objects.create(text="Sertraline", **of_patient),
            condition=Condition.objects.create(text="Depression", **of_patient),
            allergy=Allergy.objects.create(text="Latex", **of_patient),
            measure=BodyMeasure.objects.create(
                kind="weight", value=80, observed_at=now - minutes(90), **of_patient
            ),
            consent=Consent.objects.get(patient=patient, kind=Consent.Kind.TREATMENT),
            mail_consent=Consent.objects.get(patient=patient, kind=Consent.Kind.EMAIL),
            text=ConsentTemplate.objects.create(
                clinic=clinic,
                key="own-text",
                kind="treatment",
                title="Treatment here",
                text="What we do.",
                statements="I agree.",
                asks_drawing=True,
                status="published",
            ),
            assessment=services.record(
                patient.pk,
                registry()["bladder"],
                Answered(answers={"pain": 0}, observed_at=now),
                by=nurse,
            ),
            task=make_task(clinic, patient=patient, due_at=now),
            stay=be_on_site(clinic, prescriber),
            hand_over=HandOver.objects.create(
                clinic=clinic, stay=offered, to=prescriber, offered_at=now
            ),
            enrolment=enrol_patient(monitored.patient, prescriber),
            draft=ImportDraft.objects.create(
                clinic=clinic,
                user=prescriber,
                expires_at=now + timedelta(hours=1),
                content=ImportDraft.pack([UploadedText("a.json", referral)], []),
            ),
            course=planned.course,
            planned=planned,
            arrived=arrived,
            cleared=cleared,
            cleared_drip=cleared_drip,
            dosing=dosing,
            monitored=monitored,
            over=over,
            infused=infused,
            infused_course=infused.course,
            dose=give(monitored, now - minutes(60), nurse),
            waste=DoseWaste.objects.create(
                treatment_session=monitored,
                route="nasal",
                lot="L1",
                vials=1,
                vial_mg=28,
                given_mg=0,
                wasted_mg=28,
                method="bin",
                recorded_by=nurse,
                wasted_at=now,
                recorded_at=now,
            ),
            vitals=vitals,
            given=given,
            event=AdverseEvent.objects.create(
                treatment_session=monitored,
                term="Nausea",
                severity="mild",
                onset_at=now - minutes(30),
                recorded_by=nurse,
                recorded_at=now,
            ),
            serotonin=SerotoninCheck.objects.create(
                treatment_session=monitored,
                verdict="indeterminate",
                observed_at=now - minutes(20),
                recorded_by=nurse,
                recorded_at=now,
            ),
            search=search,
            search_step=SearchStep.objects.create(
                treatment_session=over, search=search, code="safe", at=now, by=nurse
            ),
            mail_hold=MailHold.objects.create(
                patient=infused.patient, clinic=clinic, reason="Transferred.", since=now
            ),
            failed=Message.objects.create(
                patient=patient,
                clinic=clinic,
                treatment_session=planned,
                kind=Message.Kind.REMINDER,
                state=Message.State.FAILED,
                reason="Refused.",
                not_before=now - minutes(1),
                expires_at=now + minutes(60),
                dedupe_key="failed",
            ),
            panic=episode,
            panic_entry=PanicEntry.objects.create(
                treatment_session=arrived, episode=episode, code="stay", at=now, by=nurse
            ),
            emergency=emergency,
            change=change,
            emergency_action=EmergencyAction.objects.create(
                treatment_session=monitored, emergency=emergency, code="oxygen", at=now, by=nurse
            ),
            clinic=clinic,
            staff=staff,
        )


def _wednesday_at_ten(clinic: Clinic) -> datetime:
    """Return it of the week after next."""
    local = timezone.now().astimezone(clinic.zone)
    day = local.date() + timedelta(days=16 - local.weekday())
    return datetime.combine(day, time(10), clinic.zone)


def rows_written() -> int:
    """Return how many rows this transaction wrote to those tables, the undone ones too.

    Reading it costs next to nothing: where it stands still, `records` are the same.
    """
    tables = [model._meta.db_table for model in _clinical()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
            " WHERE relname = ANY(%s)",
            [tables],
        )
        return int(cursor.fetchone()[0])


def records() -> dict[str, tuple[int, str]]:
    """Return number and digest of the rows of every clinical table: equal means no change."""
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(_digest(model) for model in _clinical()))
        return {name: (number, digest) for name, number, digest in cursor.fetchall()}


def _clinical() -> list[type[Model]]:
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label in OURS and model.__name__ not in NOT_RECORDS
    ]


def _digest(model: type[Model]) -> str:
    digest = "md5(string_agg(t::text, ';' ORDER BY id))"
    table = connection.ops.quote_name(model._meta.db_table)
    return f"SELECT '{model.__name__}', count(*), {digest} FROM {table} t"  # noqa: S608  our names
