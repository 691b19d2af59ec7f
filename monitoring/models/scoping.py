from clinic.models.scoping import ClinicScopedQuerySet


class SessionRowQuerySet(ClinicScopedQuerySet):
    """Rows of a session: seen by whoever sees the session."""

    clinic_lookup = "treatment_session__clinic_id"
