"""Tests: fast hashing, mails in memory, no manifest of static files; PostgreSQL as everywhere."""

import os

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("LOG_LEVEL", "WARNING")

from clinic.settings.base import *
from clinic.settings.base import DATABASE_OPTIONS, DATABASES

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
DEMO_ALLOWED = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
# TRUNCATE of the audit trail is refused everywhere but here, where tests clean up with it.
DATABASES["default"]["OPTIONS"]["options"] = DATABASE_OPTIONS + " -c taper.allow_truncate=on"
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["TEST"] = {"TEMPLATE": os.environ.get("TAPER_TEMPLATE")}  # ops/template.py
