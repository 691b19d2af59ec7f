from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "treatment_sessions"  # Django's own session app owns "sessions"
    verbose_name = "Protocols, courses and treatment sessions"
