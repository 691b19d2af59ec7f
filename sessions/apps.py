from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "treatment_sessions"  # Django's own session app owns "sessions"
    verbose_name = "Protocols, courses and treatment sessions"

    def ready(self) -> None:
        from clinic import presence, sealing
        from patients import ports as patients_ports
        from sessions import checks, ports  # noqa: F401  models exist only now
        from sessions.services.authorization import planned_treatment
        from sessions.services.ending import complete_after
        from sessions.services.signing import altered
        from sessions.services.treating import count
        from sessions.treatments import treatments_of

        patients_ports.planned_treatment.register("course", planned_treatment)
        ports.status_changed.register(complete_after)
        presence.treated.register(count)
        patients_ports.treatments.register("courses", treatments_of)
        sealing.further_checks.register("signed records", altered)
