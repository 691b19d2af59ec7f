"""What every test may use. The servers are started by `ops.pytest_plugin`."""

import os
from typing import Any

import pytest
from django.apps import apps
from django.db import connections
from django.db.models.signals import post_migrate
from django.test import Client
from hypothesis import settings

from clinic.tests.posting import PageClient
from ops import browser, template
from sessions.services import publishing

pytest_plugins = ["clinic.tests.cast", "monitoring.tests.day"]

settings.register_profile("here", max_examples=100, deadline=None)
settings.register_profile("thorough", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "here"))


@pytest.fixture
def client() -> Client:
    """A browser's posts name the patient of their page; `Client()` is one that says nothing."""
    return PageClient()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Make the database of this worker when the one it is a copy of is complete."""
    template.wait()
    post_migrate.connect(_load_protocols, sender=apps.get_app_config("treatment_sessions"))


def _load_protocols(using: str, **rest: Any) -> None:
    """Let every test find the shipped protocols; also after one that emptied the database."""
    publishing.load_shipped()
    with connections[using].cursor() as cursor:
        cursor.execute("TRUNCATE clinic_auditevent RESTART IDENTITY CASCADE")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Playwright's browser is the one on this machine; without one CI fails and others skip."""
    chromium = browser.find()
    if chromium is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(browser.MISSING)
    return {
        **browser_type_launch_args,
        "executable_path": str(chromium),
        "args": browser.ARGUMENTS,
    }
