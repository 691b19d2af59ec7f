"""Who had a dose and is still here."""

from django.db.models import QuerySet

from sessions.lifecycle import DOSED
from sessions.models import TreatmentSession


def treated(clinic_id: int) -> QuerySet[TreatmentSession]:
    return TreatmentSession.objects.filter(clinic=clinic_id, status__in=DOSED)


def count(clinic_id: int) -> int:
    """Answer `clinic.presence.treated`."""
    return treated(clinic_id).count()
