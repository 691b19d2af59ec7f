from django.apps import AppConfig


class RemindersConfig(AppConfig):
    name = "reminders"
    verbose_name = "Reminders and follow-ups"

    def ready(self) -> None:
        from clinic import ports as clinic_ports
        from monitoring import ports as monitoring_ports
        from patients import ports as patient_ports
        from reminders import checks, listeners, telltale  # noqa: F401  registers system checks, too
        from sessions import ports as session_ports

        clinic_ports.given_away.register("reminders", telltale.warning)
        session_ports.booked.register(listeners.booked)
        session_ports.moved.register(listeners.moved)
        session_ports.status_changed.register(listeners.status_changed)
        session_ports.expects_notice.register("reminders", listeners.expects_notice)
        session_ports.notice_wanted.register(listeners.notice_wanted)
        monitoring_ports.instructions_wanted.register(listeners.instructions_wanted)
        patient_ports.contact_changed.register(listeners.contact_changed)
