"""When the US safety programme applies to a session, and what it wants of a dose; no database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from clinic.models import Clinic, PrescriberEnrolment, RemsCertification
from clinic.models.people import WANTS_REMS
from patients.models import RemsEnrolment
from sessions.models import DoseOrder, Protocol
from sessions.models.protocol import Drug, Route
from sessions.ports import Unmet

# Outpatients of a certified site, nasal esketamine by a US protocol; never anything else.
PLAN = {"jurisdiction": "US", "drug": Drug.ESKETAMINE, "route": Route.NASAL}


def applies(clinic: Clinic, plan: Protocol) -> bool:
    return clinic.wants_rems and all(getattr(plan, name) == PLAN[name] for name in PLAN)


def sessions_under_rems() -> Q:
    """Return the same, as a condition on sessions."""
    of_clinic = {f"clinic__{name}": value for name, value in WANTS_REMS.items()}
    of_plan = {f"course__protocol__{name}": value for name, value in PLAN.items()}
    return Q(**of_clinic, **of_plan)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What is on record where REMS applies."""

    certification: RemsCertification | None  # the newest
    patient: RemsEnrolment | None  # the one that was not ended
    prescribers: Mapping[int, PrescriberEnrolment] = field(default_factory=dict)  # by person
    on_site: bool = False  # a prescriber, and confirmed


def unmet(found: Enrolled, order: DoseOrder | None, today: date) -> list[Unmet]:
    """Name what REMS lacks, each with who supplies it."""
    missing = [_unmet_site(found.certification, today)]
    if found.patient is None or not found.patient.stands_on(today):
        text = "Not enrolled in REMS. Record the enrolment on the chart."
        missing.append(Unmet("rems_patient", text))
    if order is not None:
        enrolled = found.prescribers.get(order.prescriber_id)
        if enrolled is None or not enrolled.stands_on(today):
            text = (
                "Who ordered the dose is not enrolled in REMS as a prescriber. "
                "An administrator records that, or an enrolled prescriber orders the dose."
            )
            missing.append(Unmet("rems_prescriber", text))
    if not found.on_site:
        text = (
            "REMS wants a prescriber on site, and none is registered. One registers on the board."
        )
        missing.append(Unmet("on_site", text))
    return [found for found in missing if found]


def _unmet_site(certification: RemsCertification | None, today: date) -> Unmet | None:
    if certification is None:
        text = "The site's REMS certification is not on record. An administrator records it."
    elif not certification.stands_on(today):
        text = (
            f"The site's REMS certification {certification.number} is not in force today. "
            "An administrator records its renewal."
        )
    else:
        return None
    return Unmet("rems_site", text)
