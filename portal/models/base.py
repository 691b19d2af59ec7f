from django.db import models

from clinic.models import Clinic
from clinic.models.scoping import PublicRow
from patients.models import Patient
from reminders.models import Message
from sessions.models import TreatmentSession


class FromALink(PublicRow):
    """What a patient said through the link of one message."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="%(class)ss"
    )

    class Meta:
        abstract = True
