from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Patient pages"

    def ready(self) -> None:
        from patients import ports as of_patients
        from portal import listeners
        from reminders import ports as of_reminders
        from sessions import ports

        of_reminders.asked_before.register("portal", listeners.asked_before)
        of_patients.contact_changed.register(listeners.contact_changed)
        ports.booked.register(listeners.booked)
        ports.course_ended.register(listeners.course_ended)
        ports.moved.register(listeners.moved)
        ports.status_changed.register(listeners.status_changed)
