from django.db import models

from clinic.audit_triggers import audited, kept
from clinic.models import Clinic
from clinic.models.scoping import ClinicScopedQuerySet
from reminders.kinds import Kind
from reminders.models.rule import MessageRule

LANGUAGES = (("en", "English"), ("es", "Spanish"))
"""In which texts ship, and a clinic may write its own."""


class MessageText(models.Model):
    """A clinic's own words for a kind of message, or for one of its rules; else the shipped ones.

    The words are plain text: blank lines make paragraphs, and a fixed list of names in braces is
    filled in. Nothing else in them is executed or read as markup.
    """

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="message_texts")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    rule = models.ForeignKey(
        MessageRule,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="texts",
        help_text="Only for this rule. Empty: for every message of this kind.",
    )
    language = models.CharField(max_length=10, choices=LANGUAGES, default="en")
    subject = models.CharField(max_length=120)
    body = models.TextField(max_length=4000)
    is_active = models.BooleanField("in use", default=True)

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["clinic", "kind", "language"]
        verbose_name = "message text"
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "kind", "rule", "language"],
                name="one_message_text",
                nulls_distinct=False,
                violation_error_message="There is a text for this already: change that one.",
            ),
            models.CheckConstraint(
                condition=~models.Q(subject="") & ~models.Q(body=""),
                name="a_message_text_has_words",
            ),
        ]
        triggers = [audited(patient="NULL::bigint"), kept()]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_language_display()}"
