"""Two people's word about a dose: the second check before it, and what was thrown away after it."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.audit_triggers import append_only
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow, StandingQuerySet
from clinic.numbers import plain
from sessions.models.course import DoseOrder
from sessions.models.dose import Dose
from sessions.models.protocol import Drug, Route
from sessions.models.session import TreatmentSession, audited_child


class DoseCheckQuerySet(ClinicScopedQuerySet):
    clinic_lookup = "treatment_session__clinic_id"


class DoseCheck(PublicRow):
    """A second person's own numbers beside the calculated ones; `agrees` where they are the same.

    Volume and rate are those of an infusion, the number of devices that of a nasal dose.
    """

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="dose_checks"
    )
    order = models.ForeignKey(DoseOrder, models.PROTECT, related_name="+")
    drug = models.CharField(max_length=20, choices=Drug.choices)
    route = models.CharField(max_length=10, choices=Route.choices)
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2)
    concentration_mg_ml = models.DecimalField(max_digits=7, decimal_places=3, null=True, blank=True)
    volume_ml = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    rate_ml_h = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    devices = models.PositiveSmallIntegerField(null=True, blank=True)
    typed_volume_ml = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    typed_rate_ml_h = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    typed_devices = models.PositiveSmallIntegerField(null=True, blank=True)
    agrees = models.BooleanField()
    differences = models.JSONField(default=list, blank=True)
    cautions = models.JSONField(
        default=list, blank=True, help_text="What was beyond the usual range, as it was shown."
    )
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    checked_at = models.DateTimeField()

    objects = DoseCheckQuerySet.as_manager()

    class Meta:
        ordering = ["checked_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(checked_by=F("prepared_by")), name="a_check_has_two_people"
            ),
            models.CheckConstraint(
                condition=Q(agrees=True, differences=[]) | (Q(agrees=False) & ~Q(differences=[])),
                name="a_refused_check_says_the_difference",
            ),
            models.CheckConstraint(
                condition=Q(
                    route=Route.IV,
                    concentration_mg_ml__gt=0,
                    volume_ml__isnull=False,
                    rate_ml_h__isnull=False,
                )
                | Q(route=Route.NASAL, devices__isnull=False),
                name="a_check_has_its_numbers",
            ),
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"{self.drug} {plain(self.dose_mg)} mg"


class DoseWasteQuerySet(StandingQuerySet):
    clinic_lookup = "treatment_session__clinic_id"


class DoseWaste(PublicRow):
    """What was opened, given and thrown away of one dose; without a dose, of one never begun."""

    class Method(models.TextChoices):
        DESTROYED = "destroyed", "Destroying kit or binder"
        BIN = "bin", "Locked medicine waste bin"
        PHARMACY = "pharmacy", "Handed to the pharmacy"
        OTHER = "other", "Other, as in the note"

    treatment_session = models.ForeignKey(
        TreatmentSession, models.PROTECT, related_name="dose_wastes"
    )
    dose = models.ForeignKey(Dose, models.PROTECT, null=True, blank=True, related_name="wastes")
    route = models.CharField(max_length=10, choices=Route.choices)
    lot = models.CharField(max_length=40)
    vials = models.PositiveSmallIntegerField(help_text="Opened vials, or devices.")
    vial_mg = models.DecimalField(max_digits=7, decimal_places=2, help_text="In each of them.")
    given_mg = models.DecimalField(max_digits=7, decimal_places=2, help_text="As recorded then.")
    wasted_mg = models.DecimalField(max_digits=7, decimal_places=2)
    method = models.CharField(max_length=12, choices=Method.choices)
    note = models.CharField(max_length=240, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    witness = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    wasted_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    reason = models.CharField(max_length=240, blank=True)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    entered_in_error = models.BooleanField(default=False)

    objects = DoseWasteQuerySet.as_manager()

    class Meta:
        ordering = ["wasted_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(vials__gte=1, vial_mg__gt=0, given_mg__gte=0, wasted_mg__gte=0),
                name="waste_is_counted",
            ),
            models.CheckConstraint(
                condition=Q(witness__isnull=True) | ~Q(witness=F("recorded_by")),
                name="a_witness_is_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True, entered_in_error=False)
                | (Q(supersedes__isnull=False) & ~Q(reason="")),
                name="a_corrected_waste_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(method="other") | ~Q(note=""), name="another_method_is_named"
            ),
        ]
        triggers = [audited_child(), append_only()]

    def __str__(self) -> str:
        return f"{plain(self.wasted_mg)} mg wasted"

    @property
    def opened_mg(self) -> Decimal:
        return self.vials * self.vial_mg

    @property
    def unaccounted_mg(self) -> Decimal:
        """Return what was neither given nor thrown away; below 0, more than was opened."""
        return self.opened_mg - self.given_mg - self.wasted_mg
