"""A guard that nobody answers would refuse every dose or release: say so at the start."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from sessions import ports


@register()
def required_guards_are_answered(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"No app answers the guard “{guard.name}”.",
            hint="Register it in the AppConfig.ready() of the app that knows the answer.",
            id="treatment_sessions.E001",
        )
        for guard in ports.REQUIRED_GUARDS
        if not guard.is_registered
    ]
