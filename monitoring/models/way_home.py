"""The way home: what the clinic accepts, and what happened between the chair and the door."""

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models

from clinic.audit_triggers import append_only
from clinic.models import Policy
from clinic.provenance import Certainty, Source
from monitoring.models.scoping import SessionRowQuerySet
from sessions.models import TreatmentSession
from sessions.models.session import audited_child

INSTRUCTIONS = """\
Do not drive, ride a bicycle or use machines until tomorrow, after a restful night's sleep.
Do not drink alcohol today, and take nothing else that makes you drowsy.
You may still feel tired, dizzy or a little unreal this evening: sit or lie down, and get up slowly.
Eat and drink when you feel like it.
Decide on nothing important today, and have somebody near you whom you can reach.
Call us if you are worried. Call the emergency number for chest pain, trouble breathing, a severe \
headache, fainting, or thoughts of harming yourself."""


class DischargePolicy(Policy):
    """How a patient of this clinic may get home, and with which words."""

    SOURCES: ClassVar[Mapping[str, Source]] = {
        "adult": Source("Clinical reference 2: someone takes the patient home", Certainty.READ),
        "medical_transport": Source(
            "Clinical reference 2: someone takes the patient home", Certainty.READ
        ),
        "taxi": Source("Clinical reference 2: a driver watches nobody", Certainty.PROPOSED),
        "waiting_place": Source("A name for the page", Certainty.PROPOSED),
        "instructions": Source(
            "Clinical reference 2: no driving until the next day, after a restful sleep [PI19]; "
            "the other sentences are usual advice",
            Certainty.READ,
        ),
    }

    adult = models.BooleanField("an accompanying adult may take the patient home", default=True)
    medical_transport = models.BooleanField(
        "medical transport may take the patient home", default=True
    )
    taxi = models.BooleanField("a taxi may take the patient home alone", default=False)
    waiting_place = models.CharField(
        "where patients wait for their ride", max_length=60, default="Waiting area"
    )
    instructions = models.TextField(
        "instructions for the way home",
        max_length=3000,
        default=INSTRUCTIONS,
        help_text="A line each; printed and mailed. Leave out drug and diagnosis.",
    )

    class Meta(Policy.Meta):
        verbose_name = "way home"
        verbose_name_plural = "ways home"

    @property
    def accepted(self) -> list[str]:
        """Return the kinds of `Escort` that settle the way home."""
        return [kind for kind in ("adult", "medical_transport", "taxi") if getattr(self, kind)]


class WayHomeNote(models.Model):
    """One thing that happened on the way to the door; of each topic, the newest row counts."""

    class Kind(models.TextChoices):
        REACHED = "reached", "The escort was reached"
        NOT_REACHED = "not_reached", "The escort could not be reached"
        MEANS_TO_DRIVE = "means_to_drive", "The patient means to drive"
        WILL_NOT_DRIVE = "will_not_drive", "The patient will not drive"

    CONTACT = (Kind.REACHED, Kind.NOT_REACHED)
    DRIVING = (Kind.MEANS_TO_DRIVE, Kind.WILL_NOT_DRIVE)

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="way_home_notes"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    note = models.CharField(max_length=240)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(note=""), name="a_way_home_note_has_words")
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.note}"
