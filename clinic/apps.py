from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "Clinic and staff"

    def ready(self) -> None:
        from clinic import checks, tablet  # noqa: F401  registers system checks, and a signal
