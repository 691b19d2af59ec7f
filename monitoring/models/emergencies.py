from django.conf import settings
from django.db import models

from clinic.audit_triggers import append_only
from clinic.models.scoping import PublicRow
from monitoring.models.scoping import SessionRowQuerySet
from monitoring.models.taps import Tap
from sessions.models import TreatmentSession
from sessions.models.session import audited_child


class Emergency(PublicRow):
    """Something is wrong with the patient: when somebody pressed the button, and what followed.

    It runs until an action that ends it stands.
    """

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="emergencies"
    )
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        ordering = ["started_at", "pk"]
        verbose_name_plural = "emergencies"
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"Emergency {self.started_at:%Y-%m-%d %H:%M}"


class EmergencyAction(Tap):
    emergency = models.ForeignKey(Emergency, models.PROTECT, related_name="actions")

    class Meta(Tap.Meta):
        pass
