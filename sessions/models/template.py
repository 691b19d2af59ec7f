"""How a protocol watches its patients: the numbers and the times of checks."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from sessions.models.protocol import Protocol, audited_part, frozen_with

PROTOCOL_OF_CHECK = (
    "(SELECT protocol_id FROM treatment_sessions_monitoringtemplate WHERE id = {}.template_id)"
)


def optional(
    help_text: str, default: int | None = None
) -> "models.PositiveSmallIntegerField[int | None, int | None]":
    """Return a limit that a protocol may leave out."""
    return models.PositiveSmallIntegerField(
        null=True, blank=True, default=default, help_text=f"{help_text} Empty: off."
    )


class MonitoringTemplate(models.Model):
    """Every number that the discharge gate and the alarms use; sources in docs and `source`."""

    protocol = models.OneToOneField(Protocol, models.PROTECT, related_name="monitoring")
    min_minutes_after_last_dose = models.PositiveSmallIntegerField(default=120)
    bp_discharge_systolic = models.PositiveSmallIntegerField(default=140)
    bp_discharge_diastolic = models.PositiveSmallIntegerField(default=90)
    bp_ceiling_systolic = models.PositiveSmallIntegerField(default=160)
    bp_ceiling_diastolic = models.PositiveSmallIntegerField(default=100)
    bp_near_previous_mmhg = models.PositiveSmallIntegerField(default=10)
    recent_minutes = models.PositiveSmallIntegerField(default=30)
    spo2_min = models.PositiveSmallIntegerField(default=94)
    peak_window_from = models.PositiveSmallIntegerField(default=30)
    peak_window_to = models.PositiveSmallIntegerField(default=60)
    moaas_ready = models.PositiveSmallIntegerField(default=5)
    dissociation_ready = models.PositiveSmallIntegerField(default=0)
    alert_systolic = models.PositiveSmallIntegerField(default=180)
    alert_diastolic = models.PositiveSmallIntegerField(default=110)
    alert_systolic_low = optional("Critical under this systolic pressure, mmHg.", 90)
    alert_diastolic_low = optional("Critical under this diastolic pressure, mmHg.", 50)
    alert_spo2 = models.PositiveSmallIntegerField(default=90)
    alert_moaas = models.PositiveSmallIntegerField(default=2)
    alert_resp_rate = models.PositiveSmallIntegerField(default=8)
    alert_pulse_high = optional("Critical over this pulse, per minute.")
    alert_pulse_low = optional("Critical under this pulse, per minute.")
    alert_temperature = optional("Critical from this temperature on, °C.")
    alert_bp_rise_percent = optional(
        "Critical from this rise of a pressure over the one before the dose, with symptoms: while "
        "an adverse event is open."
    )
    watch_systolic_rise = optional("Watched from this rise over before the dose, mmHg.", 40)
    watch_diastolic_rise = optional("Watched from this rise over before the dose, mmHg.", 25)
    watch_bp_rise_percent = optional("Watched from this rise of a pressure, in percent.")
    watch_moaas_drop = optional("Watched from so many points under before the dose.", 2)
    watch_spo2_drop = optional("Watched from so many points under before the dose.", 4)
    watch_pulse_change = optional("Watched from this change, up or down, per minute.")
    predose_systolic = models.PositiveSmallIntegerField(default=140)
    predose_diastolic = models.PositiveSmallIntegerField(default=90)
    predose_older_age = models.PositiveSmallIntegerField(
        default=0, help_text="From this age the next two limits hold; 0: for nobody."
    )
    predose_older_systolic = models.PositiveSmallIntegerField(default=150)
    predose_older_diastolic = models.PositiveSmallIntegerField(default=90)
    predose_food_minutes = models.PositiveSmallIntegerField(
        default=120, help_text="No food for so long before a dose; 0: not asked."
    )
    predose_fluids_minutes = models.PositiveSmallIntegerField(
        default=30, help_text="No liquids for so long before a dose; 0: not asked."
    )
    predose_nasal_minutes = models.PositiveSmallIntegerField(
        default=60, help_text="No nasal steroid or decongestant for so long; 0: not asked."
    )
    predose_needs_weight = models.BooleanField(
        default=False, help_text="A recent weight is asked for before each dose."
    )
    predose_recent_minutes = models.PositiveSmallIntegerField(
        default=60,
        help_text="Vital signs that are older before the first dose are repeated; 0: never.",
    )
    overdue_after_minutes = models.PositiveSmallIntegerField(default=5)
    rest_between_devices_minutes = models.PositiveSmallIntegerField(default=5)
    escort_required = models.BooleanField(default=True)
    sources = models.JSONField(default=dict, blank=True, help_text="Setting to where it is from.")

    class Meta:
        triggers = [audited_part("subject.protocol_id"), frozen_with("part.protocol_id")]

    def __str__(self) -> str:
        return f"Monitoring of {self.protocol}"


class MonitoringCheck(models.Model):
    class Anchor(models.TextChoices):
        BEFORE_DOSE = "before_dose", "Before the dose"
        FIRST_DOSE = "first_dose", "After the first device"
        LAST_DOSE = "last_dose", "After the last device"
        INFUSION_START = "infusion_start", "After the infusion starts"
        INFUSION_END = "infusion_end", "After the infusion ends"

    template = models.ForeignKey(MonitoringTemplate, models.PROTECT, related_name="checks")
    label = models.CharField(max_length=60)
    anchor = models.CharField(max_length=20, choices=Anchor.choices)
    minute = models.PositiveSmallIntegerField(default=0)
    every_minutes = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(240)],
        help_text="Again and again after that, while the infusion runs.",
    )
    source = models.CharField(max_length=240, blank=True)

    class Meta:
        ordering = ["template", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["template", "label"], name="check_label_per_template"),
            models.CheckConstraint(
                condition=Q(every_minutes__isnull=True)
                | Q(anchor="infusion_start", every_minutes__range=(5, 240)),
                name="checks_repeat_during_an_infusion",
                violation_error_message="Only a check after the start of an infusion is repeated, "
                "every 5 to 240 minutes.",
            ),
            models.UniqueConstraint(
                fields=["template"],
                condition=Q(every_minutes__isnull=False),
                name="one_check_repeats",
                violation_error_message="Only one check of a template is repeated.",
            ),
        ]
        triggers = [
            audited_part(PROTOCOL_OF_CHECK.format("subject")),
            frozen_with(PROTOCOL_OF_CHECK.format("part")),
        ]

    def __str__(self) -> str:
        return self.label
