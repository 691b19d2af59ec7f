"""REMS at an invented practice: certified, its prescriber on site, its forms filed but a few."""

from datetime import datetime, timedelta

from clinic.models import Clinic, OnSite, PrescriberEnrolment, RemsCertification, User
from desk.demo.places import Site
from monitoring.models import RemsFiling, RemsForm
from monitoring.rems import CLASSES
from monitoring.services import rems, rems_rows
from sessions.models import TreatmentSession

ON_SITE_FOR = timedelta(hours=4, minutes=20)
CONFIRMED = timedelta(minutes=25)
CERTIFIED = timedelta(days=500)
FILED_AFTER = timedelta(hours=20)
OVERDUE_AGE, DUE_AGE = timedelta(days=8), timedelta(days=5)
OVERDUE = 1
ANSWERS = {**dict.fromkeys(CLASSES, "no"), "serious": "no", "ready_minutes": 80}


def open_site(site: Site, now: datetime) -> None:
    """Register the prescriber on site and, where REMS applies, put it on record."""
    person, clinic = site.staff.prescriber, site.clinic
    OnSite.objects.create(
        clinic=clinic,
        person=person,
        since=now - ON_SITE_FOR,
        confirmed_at=now - CONFIRMED,
        recorded_by=person,
        recorded_at=now - ON_SITE_FOR,
    )
    if not clinic.wants_rems:
        return
    day = (now - CERTIFIED).date()
    RemsCertification.objects.create(
        clinic=clinic, certified_on=day, number="RS-20417", representative="Teresa Lindholm"
    )
    PrescriberEnrolment.objects.create(
        clinic=clinic, person=person, enrolled_on=day, number="RP-3380"
    )


def file_forms(clinic: Clinic, by: User, now: datetime) -> None:
    """File what is older, but one; the forms of the last days are still due."""
    rows = list(rems.wanted().filter(clinic=clinic).order_by("starts_at", "pk"))
    old = [row for row in rows if row.starts_at < now - OVERDUE_AGE]
    overdue, filed = old[-OVERDUE:], old[:-OVERDUE]
    between = [row for row in rows if now - OVERDUE_AGE <= row.starts_at < now - DUE_AGE]
    filed += between
    RemsForm.objects.bulk_create(
        RemsForm(
            treatment_session=row, answers=ANSWERS, recorded_by=by, recorded_at=_filed_at(row, now)
        )
        for row in filed
    )
    forms = rems_rows.forms(filed)
    RemsFiling.objects.bulk_create(
        RemsFiling(
            treatment_session=row,
            filed_at=_filed_at(row, now),
            filed_by=by,
            recorded_at=_filed_at(row, now),
            channel=RemsFiling.Channel.ONLINE,
            reference=f"C-{row.pk + 40_000}",
            snapshot=forms[row.pk].snapshot(),
            missing=(missing := [field.label for field in forms[row.pk].missing]),
            incomplete_reason="Not measured; the patient had left." if missing else "",
        )
        for row in filed
    )
    for row in [*overdue, *(row for row in rows if row.starts_at >= now - DUE_AGE)]:
        rems.to_file(row)


def _filed_at(row: TreatmentSession, now: datetime) -> datetime:
    return min(now, (row.ended_at or now) + FILED_AFTER)
