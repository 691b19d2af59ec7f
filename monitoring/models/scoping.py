from typing import Self

from clinic.models.scoping import ClinicScopedQuerySet


class SessionRowQuerySet(ClinicScopedQuerySet):
    """Rows of a session: seen by whoever sees the session."""

    clinic_lookup = "treatment_session__clinic_id"


class StandingQuerySet(SessionRowQuerySet):
    def standing(self) -> Self:
        """Leave out what was corrected or entered in error."""
        return self.filter(superseded_by__isnull=True, entered_in_error=False)
