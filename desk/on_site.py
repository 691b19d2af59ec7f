"""Today's register of prescribers on site, and whom a leaving one would leave behind."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from clinic.models import Clinic, HandOver, OnSite, PresencePolicy
from clinic.presence import Site, site
from clinic.times import day_bounds
from sessions.services import treating


@dataclass(frozen=True, slots=True)
class Register:
    site: Site
    stays: list[OnSite]  # of today, the corrected ones too
    hand_overs: list[HandOver]


def load(clinic: Clinic, now: datetime) -> Register:
    today = now.astimezone(clinic.zone).date()
    begin, _ = day_bounds(clinic, today, today)
    ended_today = Q(until__isnull=True) | Q(until__gte=begin)
    stays = list(
        OnSite.objects.filter(ended_today, clinic=clinic)
        .select_related("person", "ended_by", "corrected_by")
        .order_by("since", "pk")
    )
    hand_overs = HandOver.objects.filter(clinic=clinic, offered_at__gte=begin)
    open_ones = [stay for stay in stays if stay.until is None and stay.corrected_at is None]
    return Register(
        site(now, PresencePolicy.of(clinic.pk), open_ones),
        stays,
        list(hand_overs.select_related("stay__person", "to")),
    )


def treated(clinic: Clinic) -> list[str]:
    """Name who has had a dose and is still here, with the place."""
    rows = treating.treated(clinic.pk).select_related("patient", "chair__room")
    rows = rows.order_by("arrived_at", "pk")
    return [
        f"{row.patient.list_name}, {row.chair}: {row.get_status_display().lower()}" for row in rows
    ]
