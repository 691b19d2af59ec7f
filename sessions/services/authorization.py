"""What a dose needs before it may be given (INV-2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from clinic import presence
from clinic.bundles import Bundle
from clinic.presence import Site
from patients import rules, screen_rows
from patients.medicines.review import Review
from patients.models import Consent, Patient, SafetyScreen
from patients.screening import standing
from patients.screening.basis import Fact, Reasks
from patients.screening.treatment import Treatment, treatment
from patients.services.medicines import reviewed, told_today
from sessions import chart_rows, ports, rems
from sessions.models import DoseOrder, Protocol, TreatmentCourse, TreatmentSession
from sessions.ports import Unmet
from sessions.rems import Enrolled
from sessions.treatments import context_of

GIVE = "treatment_sessions.give_dose"


@dataclass(frozen=True, slots=True)
class OnChart:
    """What a dose rests on outside of the visit; a board loads it for many at once."""

    birth_date: date
    deceased: bool
    consent: Consent | None  # the treatment consent that wasn't withdrawn
    screen: SafetyScreen | None  # the newest
    order: DoseOrder | None  # the one that stands today
    medicines: Review
    planned: Treatment  # what the screen has to be for
    facts: Sequence[Fact] = ()  # what the chart says today; a screen rests on it
    reasks: Reasks = Reasks()
    rems: Enrolled | None = None  # None where it doesn't apply


def standing_order(treatment_session: TreatmentSession, now: datetime) -> DoseOrder | None:
    """Return the course's one order that stands today, in the clinic's zone."""
    order = DoseOrder.objects.filter(
        course_id=treatment_session.course_id, superseded_at__isnull=True
    ).first()
    return order if order and stands_on(order, _today(treatment_session, now)) else None


def stands_on(order: DoseOrder, today: date) -> bool:
    return order.valid_from <= today and (order.valid_until is None or today <= order.valid_until)


def missing(treatment_session: TreatmentSession, now: datetime) -> list[Unmet]:
    """Name everything that forbids a dose now: person, consent, screen, order, pre-dose check."""
    return [*missing_on_chart(treatment_session, now), *ports.predose(treatment_session, now)]


def missing_on_chart(treatment_session: TreatmentSession, now: datetime) -> list[Unmet]:
    """Name what the chart lacks; the pre-dose check of the day is another's answer."""
    rows = _chart_rows().read(treatment_session.pk)
    today = _today(treatment_session, now)
    site = presence.site(now, rows["presence"], rows["on_site"])
    told = told_today(treatment_session.patient) if treatment_session.arrived_at else ()
    return unmet_on_chart(on_chart(treatment_session, rows, today, site, told), now, today)


@cache
def _chart_rows() -> Bundle:
    return Bundle(TreatmentSession, chart_rows.parts())


def on_chart(
    treatment_session: TreatmentSession,
    rows: Mapping[str, Any],
    today: date,
    site: Site,
    told: Sequence[str] = (),
) -> OnChart:
    """Put together what a dose rests on, from the parts that `chart_rows` names.

    `told` are medicines that the patient named today.
    """
    patient, protocol = treatment_session.patient, treatment_session.course.protocol
    reviewable = rows["screen_medicines"], rows["reviews"]
    order = rows["order"]
    return OnChart(
        birth_date=patient.birth_date,
        deceased=patient.deceased,
        consent=rows["consent"],
        screen=rows["screen"],
        order=order if order and stands_on(order, today) else None,
        medicines=reviewed(*reviewable, today, [context_of(protocol)], told),
        planned=treatment_of(protocol),
        facts=screen_rows.facts_in(rows, today),
        reasks=screen_rows.reasks_in(rows),
        rems=_enrolled(treatment_session, rows, site),
    )


def planned_treatment(patient: Patient) -> Treatment | None:
    """Return what the running course treats with."""
    course = TreatmentCourse.objects.running().select_related("protocol").filter(patient=patient)
    running = course.first()
    return treatment_of(running.protocol) if running else None


def treatment_of(protocol: Protocol) -> Treatment:
    return treatment(protocol.drug, protocol.route, protocol.jurisdiction)


def _enrolled(
    treatment_session: TreatmentSession, rows: Mapping[str, Any], site: Site
) -> Enrolled | None:
    """Return what REMS asks for, where it applies."""
    if not rems.applies(treatment_session.clinic, treatment_session.course.protocol):
        return None
    return Enrolled(
        certification=rows["certification"],
        patient=rows["enrolment"],
        prescribers={row.person_id: row for row in rows["rems_prescribers"]},
        on_site=not site.is_empty,
    )


def unmet_on_chart(found: OnChart, now: datetime, today: date) -> list[Unmet]:
    """Judge what was loaded; no database."""
    reasons = rules.not_treatable(found.birth_date, found.deceased, today)
    unmet = [Unmet("not_treatable", reason) for reason in reasons]
    if found.consent is None or not found.consent.stands_at(now):
        unmet.append(Unmet("consent", "No valid consent to treatment. Record it on the chart."))
    against = standing.unmet(found.screen, found.planned, found.facts, found.reasks, today)
    unmet += [Unmet("screen", text) for text in against]
    unmet += _unmet_medicines(found.medicines)
    if found.order is None:
        unmet.append(Unmet("order", "No dose order stands today. A prescriber orders the dose."))
    if found.rems is not None:
        unmet += rems.unmet(found.rems, found.order, today)
    return unmet


def _unmet_medicines(review: Review) -> list[Unmet]:
    unmet = []
    if alerts := review.open_alerts:
        named = ", ".join(each.alert.rule.title for each in alerts)
        text = f"Interactions to acknowledge: {named}. A prescriber does it on the chart."
        unmet.append(Unmet("interaction", text))
    if lines := review.open_medicines:
        number = len(lines)
        text = f"{number} medicine{'s' if number > 1 else ''} not recognised. Check by hand."
        unmet.append(Unmet("medicine", text))
    return unmet


def _today(treatment_session: TreatmentSession, now: datetime) -> date:
    return now.astimezone(treatment_session.clinic.zone).date()
