"""The rows behind a session sheet, read in one statement."""

from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import Model, OuterRef

from clinic import presence
from clinic.bundles import Bundle, Many, One, all_fields, attach, person, together
from clinic.models import Chair, User
from desk import said
from desk.sheet import Sheet
from monitoring.models import Discharge, Escort
from monitoring.services import history, history_rows, predose, predose_rows
from monitoring.services.told_medicines import off_chart
from patients.models import Allergy, Patient
from sessions import chart_rows
from sessions.lifecycle import PRESENT, Status
from sessions.models import (
    ChairStay,
    DoseCheck,
    DoseWaste,
    DosingPolicy,
    ProtocolPhase,
    Signature,
    StatusChange,
    TreatmentCourse,
    TreatmentSession,
)
from sessions.services import authorization

BEFORE_DOSE = (Status.PLANNED, Status.CHECKED_IN, Status.CLEARED)
NEEDS_ORDER = (*BEFORE_DOSE, Status.DOSING)
BOOKING = ("patient", "course", "phase", "chair")


def load(treatment_session: TreatmentSession, user: User, now: datetime) -> Sheet:
    """Read everything in one statement, and make the session what hangs on it."""
    found = bundle().read(treatment_session.pk)
    attach(treatment_session, found, *BOOKING, "signature", "discharge")
    status = treatment_session.status
    site = presence.site(now, found["presence"], found["on_site"])
    today = now.astimezone(treatment_session.clinic.zone).date()
    record = history.record_of(treatment_session, found)
    before = predose_rows.today_of(record, found, now)
    told = before.check.told_medicines if before.check else []
    counts = told if status in PRESENT else []
    chart = authorization.on_chart(treatment_session, found, today, site, counts)
    unmet = authorization.unmet_on_chart(chart, now, today) if status in NEEDS_ORDER else []
    taken = found["screen_medicines"]
    return Sheet(
        treatment_session=treatment_session,
        user=user,
        now=now,
        record=record,
        checks=found["predose_checks"],
        before=before,
        asking=predose.asking(record.settings, before.policy, found["lookup"], today),
        weight=found["weight"],
        order=chart.order if status in NEEDS_ORDER else None,
        chart_unmet=unmet,
        medicines=chart.medicines,
        off_chart=off_chart(told, (row.text for row in taken if row.is_current(today))),
        changes=found["changes"],
        stays=found["stays"],
        allergies=found["allergies"],
        site=site,
        dosing=found["dosing"] or DosingPolicy(),
        second_checks=found["second_checks"],
        wastes=found["wastes"],
        said=said.said(found),
    )


def load_booking(treatment_session: TreatmentSession) -> dict[str, Any]:
    """Read what is not clinical: who comes, where to, and the way home."""
    found = booking_bundle().read(treatment_session.pk)
    attach(treatment_session, found, *BOOKING)
    return found


@cache
def bundle() -> Bundle:
    groups = _booking(), predose_rows.parts(), _of_the_visit(), _on_the_chart()
    return Bundle(TreatmentSession, together(history_rows.parts(), *groups))


@cache
def booking_bundle() -> Bundle:
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
        **said.of_visit(),
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
        "signature": One(_of_session(Signature), *all_fields(Signature), *person("signed_by")),
        "discharge": One(
            _of_session(Discharge),
            *all_fields(Discharge),
            *person("released_by"),
            *person("second_person"),
        ),
    }


def _on_the_chart() -> dict[str, Many]:
    allergies = Allergy.objects.filter(patient=OuterRef("patient"))
    own = {"allergies": Many(allergies, *all_fields(Allergy))}
    return together(own, chart_rows.parts())


def _of_session(model: type[Model]) -> Any:
    return model._default_manager.filter(treatment_session=OuterRef("pk"))
