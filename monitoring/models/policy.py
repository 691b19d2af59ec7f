from django.core.validators import MaxValueValidator
from django.db import models

from clinic.models.policy import Policy
from clinic.provenance import Certainty, Source

DAYS = [MaxValueValidator(366)]


class PreDosePolicy(Policy):
    """What a clinic asks before each dose beyond its protocols."""

    class Pdmp(models.TextChoices):
        EACH = "each", "At each session"
        INTERVAL = "interval", "When the last one is too old"
        NEVER = "never", "Never"

    class Pregnancy(models.TextChoices):
        FEMALE = "female", "Patients recorded as female"
        NOT_MALE = "not_male", "All but patients recorded as male"
        ALL = "all", "All patients"
        NEVER = "never", "Nobody"

    SOURCES = {
        "pdmp": Source("Clinical reference 9: each session or monthly", Certainty.PROPOSED),
        "pdmp_days": Source("Clinical reference 9: monthly", Certainty.PROPOSED),
        "pregnancy": Source("Clinical reference 2: pregnancy possibility", Certainty.PROPOSED),
        "pregnancy_from_age": Source("No source gives an age", Certainty.PROPOSED),
        "pregnancy_to_age": Source("No source gives an age", Certainty.PROPOSED),
        "pregnancy_days": Source("No source gives an interval", Certainty.PROPOSED),
        "bp_repeat_minutes": Source(
            "Clinical reference 2 asks to weigh risk and benefit, and gives no interval",
            Certainty.PROPOSED,
        ),
    }

    pdmp = models.CharField(
        "prescription monitoring is looked up",
        max_length=10,
        choices=Pdmp.choices,
        default=Pdmp.INTERVAL,
    )
    pdmp_days = models.PositiveSmallIntegerField(
        "prescription monitoring: days until it is looked up again", default=30, validators=DAYS
    )
    pregnancy = models.CharField(
        "pregnancy is asked of", max_length=10, choices=Pregnancy.choices, default=Pregnancy.FEMALE
    )
    pregnancy_from_age = models.PositiveSmallIntegerField("pregnancy: from age", default=18)
    pregnancy_to_age = models.PositiveSmallIntegerField("pregnancy: up to age", default=55)
    pregnancy_days = models.PositiveSmallIntegerField(
        "pregnancy: days until it is asked again", default=30, validators=DAYS
    )
    bp_repeat_minutes = models.PositiveSmallIntegerField(
        "minutes until a blood pressure over the limit is repeated",
        default=5,
        validators=[MaxValueValidator(120)],
    )

    class Meta(Policy.Meta):
        verbose_name = "pre-dose settings"
        verbose_name_plural = "pre-dose settings"
