"""What a patient said about a visit through links: parts of the bundle of a sheet or a chart."""

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef

from clinic.bundles import Many, One, all_fields
from portal.models import ChangeRequest, CheckIn, Confirmation, Preparation
from portal.services.checking_in import is_at_risk
from portal.telling import Line, lines
from reminders.models import OptOut

ASKED = ("public_id", "kind", "wanted_at", "asked_at")
LATEST = 12  # answers of follow-ups: three visits with four groups each


@dataclass(frozen=True, slots=True)
class Said:
    """About one visit."""

    confirmation: Confirmation | None = None
    preparation: Preparation | None = None
    request: ChangeRequest | None = None


def of_visit() -> dict[str, Many]:
    this_time = {"treatment_session": OuterRef("pk"), "schedule_rev": OuterRef("schedule_rev")}
    asked = ChangeRequest.objects.open().filter(treatment_session=OuterRef("pk"))
    return {
        "confirmation": One(Confirmation.objects.filter(**this_time), "confirmed_at"),
        "preparation": One(
            Preparation.objects.filter(**this_time), "ride", "ride_by", "fasting", "answered_at"
        ),
        "change_request": One(asked, *ASKED),
    }


def said(found: Any) -> Said:
    return Said(found["confirmation"], found["preparation"], found["change_request"])


def of_patient() -> dict[str, Many]:
    """Return what isn't clinical: which mails are not wanted, what is asked for."""
    declined = OptOut.objects.filter(patient=OuterRef("pk"), ended_at__isnull=True)
    asked = ChangeRequest.objects.open().filter(patient=OuterRef("pk"))
    return {
        "opt_outs": Many(declined.order_by("kind"), "kind", "since"),
        "change_requests": Many(asked, *ASKED, "treatment_session__number"),
    }


def of_follow_ups() -> dict[str, Many]:
    rows = CheckIn.objects.filter(patient=OuterRef("pk")).order_by("-answered_at", "-pk")
    names = all_fields(CheckIn, "patient", "clinic", "message", "treatment_session")
    return {"check_ins": Many(rows[:LATEST], *names, "treatment_session__number")}


@dataclass(frozen=True, slots=True)
class Answered:
    """One group of a follow-up, in words."""

    check_in: CheckIn
    lines: list[Line]
    grave: bool


def answered(rows: list[CheckIn]) -> list[Answered]:
    return [
        Answered(row, lines(row.part, row.answers), is_at_risk({row.part: row.answers}))
        for row in rows
    ]
