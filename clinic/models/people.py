from functools import cached_property
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models

from clinic.audit_triggers import audited, kept
from clinic.models.scoping import ClinicScopedQuerySet, PublicRow
from clinic.roles import Role, permissions_of


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError("Choose a time zone by its IANA name, such as Europe/Berlin.")


class User(AbstractUser):
    """A member of staff. What he may do, and where, stands in his memberships."""

    class Meta(AbstractUser.Meta):
        triggers = [
            audited(
                clinic="NULL::bigint",
                patient="NULL::bigint",
                # Signing in stamps last_login and may upgrade the hash: nobody is acting yet.
                only_when_changed=("username", "email", "is_active", "is_staff", "is_superuser"),
                without=("password",),
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @cached_property
    def roles_by_clinic(self) -> dict[int, frozenset[Role]]:
        roles: dict[int, set[Role]] = {}
        for membership in self.current_memberships:
            roles.setdefault(membership.clinic_id, set()).add(Role(membership.role))
        return {clinic_id: frozenset(held) for clinic_id, held in roles.items()}

    @cached_property
    def current_memberships(self) -> "list[Membership]":
        """Return the memberships with their clinics: one query a request."""
        return list(self.memberships.filter(is_active=True).select_related("clinic").order_by("pk"))

    @property
    def clinics(self) -> "list[Clinic]":
        """Return where he works, the clinic that he joined first in front."""
        return list({m.clinic_id: m.clinic for m in self.current_memberships}.values())

    def clinic(self, pk: int) -> "Clinic":
        """Return one of the clinics where he works, as it was read with his memberships."""
        return next(clinic for clinic in self.clinics if clinic.pk == pk)

    @property
    def clinic_ids(self) -> list[int]:
        return sorted(self.roles_by_clinic)

    def may(self, permission: str, clinic_id: int) -> bool:
        """Say whether one of his roles at this clinic carries the permission."""
        roles = self.roles_by_clinic.get(clinic_id, frozenset())
        return self.is_active and permission in permissions_of(roles)


WANTS_REMS = {"rems_certified": True, "inpatient": False}


class ClinicQuerySet(ClinicScopedQuerySet):
    clinic_lookup = "pk"


class Clinic(PublicRow):
    """One site: the border of access, and the zone in which its dates are shown."""

    name = models.CharField(max_length=120, unique=True)
    time_zone = models.CharField(max_length=64, validators=[validate_time_zone])
    address = models.TextField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    sender_name = models.CharField(
        max_length=80,
        help_text="The sender that patients see in their mailbox. Leave out drug and speciality.",
    )
    rems_certified = models.BooleanField("REMS certified", default=False)
    inpatient = models.BooleanField(default=False)
    late_entry_minutes = models.PositiveSmallIntegerField(
        default=60, help_text="A reading or dose entered later than this needs a reason."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ClinicQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        triggers = [audited(clinic="subject.id", patient="NULL::bigint"), kept()]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def wants_rems(self) -> bool:
        """Whether outpatients are treated here under REMS; a ward enrols nobody."""
        return all(getattr(self, name) == value for name, value in WANTS_REMS.items())


class Membership(models.Model):
    """A role at one clinic: a prescriber here may be nobody there."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    is_active = models.BooleanField(default=True)

    objects = ClinicScopedQuerySet.as_manager()

    class Meta:
        ordering = ["clinic", "role", "user"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "clinic", "role"], name="one_membership_per_role"
            )
        ]
        triggers = [
            audited(patient="NULL::bigint"),
            kept(),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} at {self.clinic}"
