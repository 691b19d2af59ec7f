"""How a protocol watches its patients: the numbers and the times of checks."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from sessions.models.protocol import Protocol, audited_part, frozen_with

PROTOCOL_OF_CHECK = (
    "(SELECT protocol_id FROM treatment_sessions_monitoringtemplate WHERE id = {}.template_id)"
)


def number(
    label: str, help_text: str, default: int
) -> "models.PositiveSmallIntegerField[int, int]":
    return models.PositiveSmallIntegerField(label, default=default, help_text=help_text)


def optional(
    label: str, help_text: str, default: int | None = None
) -> "models.PositiveSmallIntegerField[int | None, int | None]":
    """Return a limit that a protocol may leave out."""
    return models.PositiveSmallIntegerField(
        label, null=True, blank=True, default=default, help_text=f"{help_text} Empty: off."
    )


def yes_or_no(label: str, help_text: str, default: bool) -> "models.BooleanField[bool, bool]":
    return models.BooleanField(label, default=default, help_text=help_text)


class MonitoringTemplate(models.Model):
    """Every number that the discharge gate and the alarms use.

    Their labels, with units, are those of the admin and of docs/clinical-rules.md.
    """

    protocol = models.OneToOneField(Protocol, models.PROTECT, related_name="monitoring")
    min_minutes_after_last_dose = number(
        "Observation after the last device or the infusion's end, min",
        "Nobody leaves earlier, however well they are.",
        120,
    )
    bp_discharge_systolic = number(
        "Systolic pressure that lets the patient leave, mmHg",
        "At or under it the pressure is no reason to stay.",
        140,
    )
    bp_discharge_diastolic = number(
        "Diastolic pressure that lets the patient leave, mmHg",
        "At or under it the pressure is no reason to stay.",
        90,
    )
    bp_ceiling_systolic = number(
        "Systolic pressure from which only a prescriber decides, mmHg",
        "Under it a clinician may decide with a reason.",
        160,
    )
    bp_ceiling_diastolic = number(
        "Diastolic pressure from which only a prescriber decides, mmHg",
        "Under it a clinician may decide with a reason.",
        100,
    )
    bp_near_previous_mmhg = number(
        "A steady pressure differs from the one before by at most, mmHg",
        "A pressure over the limit has to be steady or falling to leave with it.",
        10,
    )
    recent_minutes = number(
        "A value counts before leaving when at most so old, min",
        "An older value has to be measured again before the patient leaves.",
        30,
    )
    spo2_min = number(
        "SpO₂ on room air to leave, %",
        "Also before a dose: a value under it waits for a prescriber.",
        94,
    )
    peak_window_from = number(
        "Pressure about 40 minutes after the first dose: window from, min",
        "A pressure taken earlier isn't the one at about 40 minutes.",
        30,
    )
    peak_window_to = number(
        "Pressure about 40 minutes after the first dose: window to, min",
        "A pressure taken later needs a word on why it was late.",
        60,
    )
    moaas_ready = number(
        "MOAA/S to leave",
        "5 is awake; a lower score keeps the patient, or a prescriber decides.",
        5,
    )
    dissociation_ready = number(
        "Dissociation to leave, at most (0 to 3)",
        "0 is none, 3 strong; a higher score keeps the patient.",
        0,
    )
    alert_systolic = number(
        "Critical systolic pressure, from, mmHg",
        "A critical value calls a prescriber and holds the dose.",
        180,
    )
    alert_diastolic = number(
        "Critical diastolic pressure, from, mmHg",
        "A critical value calls a prescriber and holds the dose.",
        110,
    )
    alert_systolic_low = optional(
        "Critical systolic pressure, under, mmHg",
        "A critical value calls a prescriber and holds the dose.",
        90,
    )
    alert_diastolic_low = optional(
        "Critical diastolic pressure, under, mmHg",
        "A critical value calls a prescriber and holds the dose.",
        50,
    )
    alert_spo2 = number(
        "Critical SpO₂, under, %", "A critical value calls a prescriber and holds the dose.", 90
    )
    alert_moaas = number(
        "Critical MOAA/S, at or under",
        "0 is no response, 5 awake. A critical value holds the dose.",
        2,
    )
    alert_resp_rate = number(
        "Critical respiratory rate, under, per minute",
        "A critical value calls a prescriber and holds the dose.",
        8,
    )
    alert_pulse_high = optional(
        "Critical pulse, over, per minute",
        "A critical value calls a prescriber and holds the dose.",
    )
    alert_pulse_low = optional(
        "Critical pulse, under, per minute",
        "A critical value calls a prescriber and holds the dose.",
    )
    alert_temperature = optional(
        "Critical temperature, from, °C", "A critical value calls a prescriber and holds the dose."
    )
    alert_bp_rise_percent = optional(
        "Critical rise of a pressure over before the dose, with symptoms, %",
        "With symptoms: while an adverse event is open.",
    )
    watch_systolic_rise = optional(
        "Watched: rise of the systolic pressure, mmHg",
        "Compared with before the dose; a watched value calls nobody.",
        40,
    )
    watch_diastolic_rise = optional(
        "Watched: rise of the diastolic pressure, mmHg",
        "Compared with before the dose; a watched value calls nobody.",
        25,
    )
    watch_bp_rise_percent = optional(
        "Watched: rise of a pressure, %",
        "Compared with before the dose; a watched value calls nobody.",
    )
    watch_moaas_drop = optional(
        "Watched: MOAA/S lower than before the dose, by",
        "In points of the scale; a watched value calls nobody.",
        2,
    )
    watch_spo2_drop = optional(
        "Watched: SpO₂ lower than before the dose, by",
        "In percentage points; a watched value calls nobody.",
        4,
    )
    watch_pulse_change = optional(
        "Watched: change of the pulse, up or down, per minute",
        "Compared with before the dose; a watched value calls nobody.",
    )
    watch_dissociation_minutes = optional(
        "Watched: dissociation that lasts after the end for, min",
        "Over its limit so long after the last device or the infusion's end.",
    )
    predose_systolic = number(
        "Systolic pressure before the dose: a prescriber decides above, mmHg",
        "Over it the pressure is repeated, then a prescriber decides.",
        140,
    )
    predose_diastolic = number(
        "Diastolic pressure before the dose: a prescriber decides above, mmHg",
        "Over it the pressure is repeated, then a prescriber decides.",
        90,
    )
    predose_older_age = number(
        "Older patients: the next two limits hold from this age, 0 for nobody", "In years.", 0
    )
    predose_older_systolic = number(
        "Systolic pressure before the dose for older patients, mmHg",
        "Holds from the age above on, in place of the usual limit.",
        150,
    )
    predose_older_diastolic = number(
        "Diastolic pressure before the dose for older patients, mmHg",
        "Holds from the age above on, in place of the usual limit.",
        90,
    )
    predose_food_minutes = number(
        "No food before the dose, min, 0: not asked",
        "The pre-dose check asks for so long a time.",
        120,
    )
    predose_fluids_minutes = number(
        "No liquids before the dose, min, 0: not asked",
        "The pre-dose check asks for so long a time.",
        30,
    )
    predose_nasal_minutes = number(
        "No nasal steroid or decongestant, min, 0: not asked",
        "The pre-dose check asks for so long a time.",
        60,
    )
    predose_needs_weight = yes_or_no(
        "A recent weight is asked for before each dose",
        "How recent is among the dosing settings.",
        False,
    )
    predose_recent_minutes = number(
        "Vital signs before the first dose are at most so old, min, 0: any",
        "Older ones are repeated before the dose starts.",
        60,
    )
    overdue_after_minutes = number(
        "A check is overdue after, min", "So long after its time a check counts as late.", 5
    )
    rest_between_devices_minutes = number(
        "Rest between two devices, min", "The next device waits so long after the one before.", 5
    )
    escort_required = yes_or_no(
        "Somebody has to take the patient home", "Without it a patient may leave alone.", True
    )
    sources = models.JSONField(default=dict, blank=True, help_text="Where each setting is from.")

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
