"""What was asked and measured between sessions, and when a clinic wants it."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from clinic.audit_triggers import append_only, audited
from clinic.models import Clinic, Policy
from clinic.models.scoping import PublicRow, StandingQuerySet
from clinic.provenance import Certainty, Source
from outcomes.due import Rules
from outcomes.instruments import Instrument, registry
from patients.models import Patient
from sessions.models import TreatmentCourse, TreatmentSession


class Assessment(PublicRow):
    """One instrument answered once. A correction is a row that supersedes; both stay."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="assessments")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    course = models.ForeignKey(
        TreatmentCourse, models.PROTECT, null=True, blank=True, related_name="+"
    )
    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, null=True, blank=True, related_name="+"
    )
    instrument = models.SlugField(max_length=40)
    version = models.PositiveSmallIntegerField()
    answers = models.JSONField(help_text="Item code to answer; null is not answered.")
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    out_of = models.PositiveSmallIntegerField(null=True, blank=True)
    incomplete = models.BooleanField()
    flags = models.JSONField(default=list, blank=True, help_text="Code and words of each.")
    observed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    link = models.UUIDField(
        null=True,
        blank=True,
        editable=False,
        help_text="The message by whose link the patient answered; no staff recorded it then.",
    )
    note = models.CharField(max_length=500, blank=True)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    reason = models.CharField(max_length=240, blank=True, help_text="Why it was corrected.")
    entered_in_error = models.BooleanField(default=False)

    objects = StandingQuerySet.as_manager()

    class Meta:
        ordering = ["-observed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(incomplete=False) | Q(score__isnull=True),
                name="an_incomplete_assessment_has_no_total",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True, entered_in_error=False)
                | (Q(supersedes__isnull=False) & ~Q(reason="")),
                name="a_corrected_assessment_says_why",
            ),
            models.CheckConstraint(
                condition=Q(recorded_by__isnull=False, link__isnull=True)
                | Q(recorded_by__isnull=True, link__isnull=False),
                name="an_assessment_is_by_staff_or_by_link",
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "instrument", "-observed_at"], name="assessments_of")
        ]
        triggers = [audited(), append_only()]

    def __str__(self) -> str:
        return f"{self.title}: {self.result}"

    @property
    def known(self) -> Instrument | None:
        """Return the instrument, if this release still has it."""
        return registry().get(self.instrument)

    @property
    def title(self) -> str:
        return self.known.title if self.known else self.instrument

    @property
    def is_alarming(self) -> bool:
        return any(flag["urgent"] for flag in self.flags)

    @property
    def result(self) -> str:
        """Say the result in short; an incomplete one never as a number."""
        if self.incomplete:
            return "incomplete"
        if self.score is None:
            return "entered"
        return f"{self.score} of {self.out_of}" if self.out_of is not None else str(self.score)

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Return each item with its answer, as people read them."""
        if self.known is None:
            return [(code, str(value)) for code, value in self.answers.items()]
        return [(item.text, item.said(self.answers.get(item.code))) for item in self.known.items]


class OutcomesPolicy(Policy):
    """What is asked between sessions, and how often."""

    SOURCES: ClassVar = {
        "baseline_days": Source("No source gives a time", Certainty.PROPOSED),
        "bladder_days": Source(
            "Clinical 9: the label asks to monitor; at every session of the induction, then at "
            "least monthly",
            Certainty.PROPOSED,
        ),
        "liver_days": Source(
            "Clinical 9 [PDRK]: baseline and periodic with recurrent ketamine; the period itself "
            "is proposed",
            Certainty.PROPOSED,
        ),
        "liver_for_esketamine": Source(
            "Clinical 9 [PDRK]: the label names ketamine only", Certainty.READ
        ),
        "cognition_months": Source("Clinical 9: baseline and 6-monthly", Certainty.PROPOSED),
        "audit_c_months": Source(
            "Clinical 9: misuse risk before the start; the yearly repeat is proposed",
            Certainty.PROPOSED,
        ),
        "checks_after_stopping": Source(
            "Clinical 9: weekly twice, then every two weeks twice", Certainty.PROPOSED
        ),
        "spaced_out_days": Source(
            "Clinical 9 asks during a taper; from which interval on is proposed",
            Certainty.PROPOSED,
        ),
        "ask_days_before": Source("No source gives a lead time", Certainty.PROPOSED),
    }

    baseline_days = models.PositiveSmallIntegerField(
        "a baseline counts (days before the first session)",
        default=90,
        validators=[MaxValueValidator(365)],
    )
    bladder_days = models.PositiveSmallIntegerField(
        "bladder check after the induction (days, 0: never)",
        default=28,
        validators=[MaxValueValidator(365)],
    )
    liver_days = models.PositiveSmallIntegerField(
        "liver tests (days, 0: never)", default=90, validators=[MaxValueValidator(730)]
    )
    liver_for_esketamine = models.BooleanField("liver tests with esketamine, too", default=False)
    cognition_months = models.PositiveSmallIntegerField(
        "cognition (months, 0: never)", default=6, validators=[MaxValueValidator(60)]
    )
    audit_c_months = models.PositiveSmallIntegerField(
        "AUDIT-C (months, 0: never)", default=12, validators=[MaxValueValidator(60)]
    )
    checks_after_stopping = models.BooleanField(
        "ask for symptoms after stopping or spacing out", default=True
    )
    spaced_out_days = models.PositiveSmallIntegerField(
        "spaced out is an interval that grew to (days)",
        default=14,
        validators=[MaxValueValidator(365)],
    )
    ask_days_before = models.PositiveSmallIntegerField(
        "open the task (days before it is due)", default=3, validators=[MaxValueValidator(60)]
    )

    class Meta(Policy.Meta):
        verbose_name = "what is asked between sessions"
        verbose_name_plural = "what is asked between sessions"

    @property
    def rules(self) -> Rules:
        return Rules(**{name: getattr(self, name) for name in Rules.__dataclass_fields__})
