from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Patient pages"

    def ready(self) -> None:
        from portal import listeners
        from reminders import ports as of_reminders
        from sessions import ports

        of_reminders.asked_before.register("portal", listeners.asked_before)
        ports.booked.register(listeners.booked)
        ports.moved.register(listeners.moved)
        ports.status_changed.register(listeners.status_changed)
