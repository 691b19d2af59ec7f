from django.conf import settings
from django.db import models

from clinic.audit_triggers import append_only
from clinic.models.scoping import PublicRow
from monitoring.models.scoping import SessionRowQuerySet
from monitoring.models.taps import Tap
from sessions.models import TreatmentSession
from sessions.models.session import audited_child


class Transfer(PublicRow):
    """The patient was handed over to emergency care."""

    treatment_session = models.OneToOneField(
        TreatmentSession, models.PROTECT, related_name="transfer"
    )
    handed_over_at = models.DateTimeField()
    to_where = models.CharField("where to", max_length=120)
    taken_by = models.CharField("taken by", max_length=120, blank=True)
    condition = models.CharField("condition at the hand-over", max_length=300, blank=True)
    told = models.CharField("who was told", max_length=240, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"Transferred to {self.to_where}"


class AgainstAdvice(PublicRow):
    """The patient left although advised to stay. Blank is not asked, and never “yes”."""

    class Known(models.TextChoices):
        YES = "yes", "Yes"
        NO = "no", "No"

    class Paper(models.TextChoices):
        SIGNED = "signed", "Signed"
        REFUSED = "refused", "Refused to sign"
        NOT_OFFERED = "not_offered", "Not offered"

    treatment_session = models.OneToOneField(
        TreatmentSession, models.PROTECT, related_name="against_advice"
    )
    left_at = models.DateTimeField()
    has_capacity = models.CharField(
        "able to decide", max_length=3, choices=Known.choices, blank=True
    )
    informed = models.CharField(
        "told about the risks", max_length=3, choices=Known.choices, blank=True
    )
    paper = models.CharField("form", max_length=12, choices=Paper.choices, blank=True)
    escort = models.CharField("went with", max_length=120, blank=True)
    reason = models.CharField(max_length=240)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return "Left against advice"


class LeftUnnoticed(PublicRow):
    """The patient is gone and nobody saw it: last seen, and the search that its steps tell."""

    treatment_session = models.OneToOneField(
        TreatmentSession, models.PROTECT, related_name="left_unnoticed"
    )
    last_seen_at = models.DateTimeField()
    last_seen_where = models.CharField("last seen where", max_length=120, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = SessionRowQuerySet.as_manager()

    class Meta:
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return "Left unnoticed"


class SearchStep(Tap):
    search = models.ForeignKey(LeftUnnoticed, models.PROTECT, related_name="steps")

    class Meta(Tap.Meta):
        pass
