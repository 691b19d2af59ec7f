from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "Clinic and staff"

    def ready(self) -> None:
        from clinic import checks  # noqa: F401  registers the system checks
