"""The statement behind the cards: who is here and all their rows, each table read once.

The query sets are the models' own; they are put into words once and planned once for a connection.
"""

from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import DateTimeField, F, QuerySet

from clinic.statements import Given, as_json, read_one, text_of
from desk import present_parts as parts
from desk.present_parts import CLINIC, OF, SEAT, among
from monitoring.services import predose
from sessions.lifecycle import PRESENT
from sessions.models import ChairStay, TreatmentSession


def read(clinic_id: int, begin: datetime, end: datetime, most: int) -> dict[str, list[Any]]:
    """Return the rows of at most so many people by what they are; `begin` and `end` of today."""
    given = {"clinic": clinic_id, "begin": begin, "end": end, "most": most}
    return dict(zip(_parts(), read_one(_sql(), given), strict=True))


@cache
def _sql() -> str:
    before_dose = ", ".join(f"'{status}'" for status in sorted(predose.TAKES_A_DOSE))
    return f"""
        WITH here AS MATERIALIZED ({text_of(_here())} LIMIT %(most)s),
        ids AS MATERIALIZED (
            SELECT array_agg(id) AS sessions, array_agg(protocol_id) AS protocols,
                   array_agg(id) FILTER (WHERE before_dose) AS waiting,
                   array_agg(patient_id) FILTER (WHERE before_dose) AS patients,
                   array_agg(course_id) FILTER (WHERE before_dose) AS courses,
                   array_agg(chair_id) AS booked
            FROM (SELECT *, status IN ({before_dose}) AS before_dose FROM here) AS people
        ),
        stay AS MATERIALIZED ({text_of(_stays())}),
        seated AS MATERIALIZED (
            SELECT (SELECT booked FROM ids) || array_agg(chair_id) AS chairs FROM stay
        )
        SELECT {", ".join(_parts().values())}
    """


@cache
def _parts() -> dict[str, str]:
    booked = ("chair_id", "starts_at", "patient__given_name", "patient__family_name")
    rows = {
        **parts.of_their_protocols(),
        **parts.of_the_visit(),
        **parts.before_the_dose(),
        **parts.of_the_chart(),
        "booking": _bookings().values(*booked),
    }
    people = {name: f"(SELECT coalesce(json_agg({name}), '[]') FROM {name})" for name in _PEOPLE}
    return people | {name: as_json(found) for name, found in rows.items()}


_PEOPLE = ("here", "stay")


def _here() -> QuerySet[Any, Any]:
    present = TreatmentSession.objects.filter(clinic=CLINIC, status__in=PRESENT)
    return present.order_by("arrived_at", "pk").values(
        "id",
        "public_id",
        "status",
        "starts_at",
        "ends_at",
        "arrived_at",
        "number_in_phase",
        "patient_id",
        "course_id",
        "chair_id",
        protocol_id=F("course__protocol_id"),
        family_name=F("patient__family_name"),
        given_name=F("patient__given_name"),
        birth_date=F("patient__birth_date"),
        sex=F("patient__sex"),
        deceased=F("patient__deceased"),
        phase_name=F("phase__name"),
        phase_count=F("phase__count"),
        route=F("course__protocol__route"),
        drug=F("course__protocol__drug"),
        jurisdiction=F("course__protocol__jurisdiction"),
        **SEAT,
    )


def _stays() -> QuerySet[Any, Any]:
    """Where people really sit, who moved."""
    newest = ChairStay.objects.order_by(OF, "-since", "-pk").distinct(OF)
    return newest.filter(among(OF, "sessions")).values(OF, "place", "chair_id", **SEAT)


def _bookings() -> QuerySet[TreatmentSession]:
    """Who is still to come today on the chairs that people sit on."""
    begin, end = Given("begin", DateTimeField()), Given("end", DateTimeField())
    planned = TreatmentSession.objects.planned().filter(
        clinic=CLINIC, starts_at__gte=begin, starts_at__lt=end
    )
    return planned.filter(among("chair_id", "chairs", "seated")).order_by("starts_at")
