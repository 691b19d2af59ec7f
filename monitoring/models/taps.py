from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import append_only
from clinic.models.scoping import PublicRow
from monitoring.models.scoping import StandingQuerySet
from sessions.models import TreatmentSession
from sessions.models.session import audited_child


class Tap(PublicRow):
    """One thing that was done, told by one tap: a code of a reviewed list, at the database's time.

    A slip is undone by a row that supersedes it; in a hurry nobody is asked why.
    """

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="%(class)s_rows"
    )
    code = models.CharField(max_length=30)
    text = models.CharField(max_length=240, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    entered_in_error = models.BooleanField(default=False)

    objects = StandingQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(entered_in_error=False, supersedes__isnull=True)
                | Q(entered_in_error=True, supersedes__isnull=False),
                name="%(class)s_is_undone_by_a_row",
            )
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return self.code
