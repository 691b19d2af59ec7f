from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "treatment_sessions"  # Django's own session app owns "sessions"
    verbose_name = "Protocols, courses and treatment sessions"

    def ready(self) -> None:
        from clinic import sealing
        from sessions import checks, ports  # noqa: F401  models exist only now
        from sessions.services.ending import complete_after
        from sessions.services.signing import altered

        ports.status_changed.register(complete_after)
        sealing.further_checks.register("signed records", altered)
