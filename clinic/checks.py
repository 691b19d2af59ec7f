"""System checks that keep a wrong installation from starting."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register(deploy=True)
def no_demo_in_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEMO_ALLOWED:
        return [Error("Demo data is allowed by these settings.", id="clinic.E001")]
    return []
