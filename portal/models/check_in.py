from django.db import models

from clinic.audit_triggers import append_only, audited
from clinic.models.scoping import ClinicScopedQuerySet
from portal.models.base import FromALink


class CheckIn(FromALink):
    """What a patient answered to one group of questions of a follow-up, as it was sent.

    Each group is kept at once, so that nothing waits for the last page; the latest row of a group
    counts.
    """

    class Part(models.TextChoices):
        FEELING = "feeling", "How the patient feels"
        BODY = "body", "Side effects"
        MOOD = "mood", "Mood and safety"
        MORE = "more", "Anything else"

    part = models.CharField(max_length=12, choices=Part.choices)
    answers = models.JSONField()
    answered_at = models.DateTimeField()

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["answered_at", "pk"]
        indexes = [models.Index(fields=["message", "part"], name="answers_of_a_follow_up")]
        triggers = [audited(), append_only()]

    def __str__(self) -> str:
        return self.get_part_display()
