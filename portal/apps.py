from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Patient pages"

    def ready(self) -> None:
        from portal import listeners
        from sessions import ports

        ports.moved.register(listeners.moved)
        ports.status_changed.register(listeners.status_changed)
