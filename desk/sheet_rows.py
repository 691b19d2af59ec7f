"""The rows behind a session sheet, read in one statement."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db.models import Model, OuterRef

from clinic import presence
from clinic.bundles import Bundle, Many, One, all_fields, attach, person, together
from clinic.models import (
    Chair,
    OnSite,
    PrescriberEnrolment,
    PresencePolicy,
    RemsCertification,
    User,
)
from clinic.presence import Site
from desk.sheet import Sheet
from monitoring.before_dose import Today
from monitoring.models import (
    Discharge,
    Escort,
    PreDoseCheck,
    PreDosePolicy,
    PregnancyAnswer,
)
from monitoring.readings import first_dose_at
from monitoring.services import history, predose
from monitoring.services.history import Record
from monitoring.services.predose import is_of_visit
from patients import screen_rows
from patients.medicines.review import Review
from patients.models import (
    Allergy,
    BodyMeasure,
    Consent,
    MedicineReview,
    Patient,
    RemsEnrolment,
)
from patients.services.medicines import reviewed
from sessions import rems
from sessions.lifecycle import Status
from sessions.models import (
    ChairStay,
    DoseCheck,
    DoseOrder,
    DoseWaste,
    DosingPolicy,
    ProtocolPhase,
    Signature,
    StatusChange,
    TreatmentCourse,
    TreatmentSession,
)
from sessions.ports import Unmet
from sessions.services import authorization
from sessions.treatments import context_of

BEFORE_DOSE = (Status.PLANNED, Status.CHECKED_IN, Status.CLEARED)
NEEDS_ORDER = (*BEFORE_DOSE, Status.DOSING)
BOOKING = ("patient", "course", "phase", "chair")


def load(treatment_session: TreatmentSession, user: User, now: datetime) -> Sheet:
    """Read everything in one statement, and make the session what hangs on it."""
    found = _bundle().read(treatment_session.pk)
    attach(treatment_session, found, *BOOKING, "signature", "discharge")
    status = treatment_session.status
    site = presence.site(now, found["presence"], found["on_site"])
    today = now.astimezone(treatment_session.clinic.zone).date()
    order = found["order"] if status in NEEDS_ORDER else None
    if order and not authorization.stands_on(order, today):
        order = None
    record = history.record_of(treatment_session, found)
    policy = found["predose_policy"] or PreDosePolicy()
    dosing = found["dosing"] or DosingPolicy(clinic_id=treatment_session.clinic_id)
    protocol = treatment_session.course.protocol
    medicines = reviewed(found["screen_medicines"], found["reviews"], today, [context_of(protocol)])
    return Sheet(
        treatment_session=treatment_session,
        user=user,
        now=now,
        record=record,
        checks=found["predose_checks"],
        before=_before(record, found, policy, dosing, today),
        asking=predose.asking(record.settings, policy, found["lookup"], today),
        weight=found["weight"],
        order=order,
        chart_unmet=_chart_unmet(treatment_session, found, order, medicines, site),
        medicines=medicines,
        changes=found["changes"],
        stays=found["stays"],
        allergies=found["allergies"],
        site=site,
        dosing=dosing,
        second_checks=found["second_checks"],
        wastes=found["wastes"],
    )


def _before(
    record: Record,
    found: Mapping[str, Any],
    policy: PreDosePolicy,
    dosing: DosingPolicy,
    today: date,
) -> Today:
    treatment_session = record.treatment_session
    check = next(iter(found["predose_checks"]), None)
    this_visit = check and is_of_visit(check, treatment_session.arrived_at)
    zone, private, weight = treatment_session.clinic.zone, found["private"], found["weight"]
    patient = treatment_session.patient
    return Today(
        check=check if this_visit else None,
        visit=record.of_visit(),
        first_dose=first_dose_at(record.administrations),
        settings=record.settings,
        policy=policy,
        on=today,
        birth_date=patient.birth_date,
        sex=patient.sex,
        pregnancy=private,
        pregnancy_on=private.asked_at.astimezone(zone).date() if private else None,
        weighed_on=weight.observed_at.astimezone(zone).date() if weight else None,
        weight_days=dosing.weight_days,
        history=record.history,
    )


def _chart_unmet(
    treatment_session: TreatmentSession,
    found: Mapping[str, Any],
    order: DoseOrder | None,
    medicines: Review,
    site: Site,
) -> list[Unmet]:
    if treatment_session.status not in BEFORE_DOSE:
        return []
    patient = treatment_session.patient
    today = site.now.astimezone(treatment_session.clinic.zone).date()
    on_chart = authorization.OnChart(
        patient.birth_date,
        patient.deceased,
        found["consent"],
        found["screen"],
        order,
        medicines,
        planned=authorization.treatment_of(treatment_session.course.protocol),
        facts=screen_rows.facts_in(found, today),
        reasks=screen_rows.reasks_in(found),
        rems=_rems(treatment_session, found, site),
    )
    return authorization.unmet_on_chart(on_chart, site.now, today)


def _rems(
    treatment_session: TreatmentSession, found: Mapping[str, Any], site: Site
) -> rems.Enrolled | None:
    if not rems.applies(treatment_session.clinic, treatment_session.course.protocol):
        return None
    return rems.Enrolled(
        found["certification"],
        found["enrolment"],
        {row.person_id: row for row in found["rems_prescribers"]},
        on_site=not site.is_empty,
    )


def load_booking(treatment_session: TreatmentSession) -> dict[str, Any]:
    """Read what is not clinical: who comes, where to, and the way home."""
    found = _booking_bundle().read(treatment_session.pk)
    attach(treatment_session, found, *BOOKING)
    return found


@cache
def _bundle() -> Bundle:
    groups = _booking(), _of_the_visit(), _on_the_chart(), _at_the_site()
    return Bundle(TreatmentSession, together(history.parts(), *groups))


@cache
def _booking_bundle() -> Bundle:
    escort = One(_of_session(Escort), "kind", "name", "phone")
    return Bundle(TreatmentSession, _booking() | {"escort": escort})


def _booking() -> dict[str, Many]:
    course = TreatmentCourse.objects.filter(pk=OuterRef("course"))
    chair = Chair.objects.filter(pk=OuterRef("chair"))
    return {
        "patient": One(
            Patient.objects.filter(pk=OuterRef("patient")),
            *all_fields(Patient, "search_text", "source_values"),
        ),
        "course": One(
            course,
            "public_id",
            "protocol__short_title",
            "protocol__route",
            "protocol__drug",
            "protocol__jurisdiction",
            "protocol__monitoring__rest_between_devices_minutes",
        ),
        "phase": One(ProtocolPhase.objects.filter(pk=OuterRef("phase")), "name", "count"),
        "chair": One(chair, "name", "room__name"),
        "stays": Many(
            _of_session(ChairStay), "place", "since", "reason", "chair__name", "chair__room__name"
        ),
    }


def _of_the_visit() -> dict[str, Many]:
    return {
        "changes": Many(_of_session(StatusChange), *all_fields(StatusChange), *person("by")),
        "second_checks": Many(
            _of_session(DoseCheck),
            *all_fields(DoseCheck),
            *person("prepared_by"),
            *person("checked_by"),
        ),
        "wastes": Many(
            _of_session(DoseWaste),
            *all_fields(DoseWaste),
            "dose__number",
            *person("recorded_by"),
            *person("witness"),
        ),
        "predose_checks": Many(
            _of_session(PreDoseCheck),
            *all_fields(PreDoseCheck),
            *person("completed_by"),
            *person("decided_by"),
        ),
        "signature": One(_of_session(Signature), *all_fields(Signature), *person("signed_by")),
        "discharge": One(
            _of_session(Discharge),
            *all_fields(Discharge),
            *person("released_by"),
            *person("second_person"),
        ),
    }


def _on_the_chart() -> dict[str, Many]:
    order = DoseOrder.objects.filter(course=OuterRef("course"), superseded_at__isnull=True)
    consent = Consent.objects.of_kind(Consent.Kind.TREATMENT).standing()
    of_patient = {"patient": OuterRef("patient")}
    return {
        "dosing": One(
            DosingPolicy.objects.filter(clinic=OuterRef("clinic")), *all_fields(DosingPolicy)
        ),
        "order": One(order, *all_fields(DoseOrder)),
        "consent": One(consent.filter(**of_patient), *all_fields(Consent), "clinic__time_zone"),
        "predose_policy": One(
            PreDosePolicy.objects.filter(clinic=OuterRef("clinic")), *all_fields(PreDosePolicy)
        ),
        "private": One(
            PregnancyAnswer.objects.filter(treatment_session__patient=OuterRef("patient")),
            "answer",
            "asked_at",
        ),
        "lookup": One(
            PreDoseCheck.objects.filter(treatment_session__patient=OuterRef("patient"))
            .exclude(pdmp="")
            .exclude(treatment_session=OuterRef("pk")),
            "pdmp",
            "completed_at",
        ),
        "weight": One(
            BodyMeasure.objects.standing().filter(kind=BodyMeasure.Kind.WEIGHT, **of_patient),
            "value",
            "observed_at",
        ),
        "reviews": Many(
            MedicineReview.objects.filter(**of_patient),
            *("about", "reason", "acknowledged_at"),
            *person("acknowledged_by"),
        ),
        "allergies": Many(Allergy.objects.filter(**of_patient), *all_fields(Allergy)),
        **screen_rows.parts("patient", "clinic"),
    }


def _at_the_site() -> dict[str, Many]:
    """Return who is on site, and what REMS asks for."""
    here = {"clinic": OuterRef("clinic")}
    prescribers = PrescriberEnrolment.objects.filter(**here, ended_on__isnull=True)
    enrolments = RemsEnrolment.objects.standing().filter(patient=OuterRef("patient"))
    stays = OnSite.objects.open().filter(**here)
    policy = PresencePolicy.objects.filter(**here)
    return {
        "on_site": Many(stays, "public_id", "since", "confirmed_at", *person("person")),
        "presence": One(policy, "required", "ask_again_minutes"),
        "certification": One(
            RemsCertification.objects.filter(**here), "number", "certified_on", "expires_on"
        ),
        "rems_prescribers": Many(prescribers, "person", "enrolled_on", "ended_on"),
        "enrolment": One(enrolments, "enrolled_on", "ended_on"),
    }


def _of_session(model: type[Model]) -> Any:
    return model._default_manager.filter(treatment_session=OuterRef("pk"))
