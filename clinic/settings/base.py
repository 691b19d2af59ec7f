"""Settings shared by every way of running Taper; the environment fills in the rest."""

import hashlib
import logging
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import structlog
from csp.constants import NONE, SELF
from django.urls import reverse_lazy
from environs import Env

from clinic.logs import without_links, without_values

env = Env()
BASE_DIR = Path(__file__).resolve().parents[2]
VAR = Path(env.str("TAPER_VAR", default="") or BASE_DIR / "var")


def package_folder(name: str) -> Path:
    """Return where an installed package keeps its files, without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(name)
    return Path(spec.submodule_search_locations[0])


SECRET_KEY = env.str("SECRET_KEY", default="")
DEBUG = False
DEMO_ALLOWED = False
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")

INSTALLED_APPS = [
    "clinic",
    "patients",
    "sessions",
    "monitoring",
    "outcomes",
    "reminders",
    "portal",
    "desk",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "clinic.static_files.OnlyWhatIsServed",
    "django.contrib.admin",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "django_structlog",
    "pgtrigger",
]

MIDDLEWARE = [
    # Outermost, so that static files and refused requests carry these headers too.
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "clinic.middleware.ContentPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clinic.middleware.PrivatePagesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "clinic.middleware.SignedInTimeMiddleware",
    "clinic.middleware.HandedOverMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "clinic.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "clinic.middleware.CurrentClinicMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.context.current_clinic",
            ],
        },
    },
]

# Time limits nest: SMTP 20 s < lock 25 s < statement 30 s < idle 60 s < lease 120 s.
LOCK_TIMEOUT = timedelta(seconds=25)
STATEMENT_TIMEOUT = timedelta(seconds=30)
IDLE_IN_TRANSACTION_TIMEOUT = timedelta(seconds=60)
MESSAGE_LEASE = timedelta(seconds=120)
MESSAGE_TIME = timedelta(seconds=20)

DATABASE_OPTIONS = (
    f"-c lock_timeout={LOCK_TIMEOUT.seconds}s"
    f" -c statement_timeout={STATEMENT_TIMEOUT.seconds}s"
    f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT.seconds}s"
)
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.dj_db_url("DATABASE_URL", default="postgres:///taper")
}
DATABASES["default"].update(
    CONN_MAX_AGE=60,
    CONN_HEALTH_CHECKS=True,
    ATOMIC_REQUESTS=False,
    DISABLE_SERVER_SIDE_CURSORS=True,
)
DATABASES["default"].setdefault("OPTIONS", {}).update(
    options=DATABASE_OPTIONS,
    prepare_threshold=0,  # only what asks for it is prepared: clinic/statements.py
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Shared by the web processes, independent of Redis: throttles count while Redis is away.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "clinic_cache",
        # With the default of 300 a flood of one counter would push out those of others.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

AUTH_USER_MODEL = "clinic.User"
AUTHENTICATION_BACKENDS = ["clinic.access.MembershipBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("desk:board")
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "clinic.adapters.StaffAccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_RATE_LIMITS = {"login_failed": "10/15m/key,30/15m/ip"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_REQUIRED = env.bool("MFA_REQUIRED", default=False)
SIGNED_IN_IDLE = timedelta(minutes=15)
SIGNED_IN_AT_MOST = timedelta(hours=12)

SESSION_ENGINE = "clinic.signed_in"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "locale"]  # only patients read other languages than English
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS: list[Any] = [
    BASE_DIR / "static",
    ("vendor/bootstrap", package_folder("bootstrap")),
]
STORAGES = {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

WHITENOISE_KEEP_ONLY_HASHED_FILES = True

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# One import may be a 10 MB bundle; everything else is far below Django's 2.5 MB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_MAX_MEMORY_SIZE = 11 * 1024 * 1024

EMAIL_TIMEOUT = 10  # seconds for each step of SMTP; the sender bounds the whole message
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="clinic@localhost")
# MAIL FROM of the envelope: the mailbox that feeds `manage.py bounce`. Empty: the sender's address.
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", default="")


def celery_url(redis_url: str) -> str:
    """Celery spells a unix socket `redis+socket://`, redis-py `unix://`."""
    if redis_url.startswith("unix://"):
        return redis_url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    return redis_url


REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = celery_url(REDIS_URL)
# Celery rings a bell; what is due stands in the database. So whatever may lose, delay or repeat a
# ring is harmless, and each setting below keeps a ring from harming anything else.
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"  # a schedule in local time drops an hour when the clocks change
CELERY_ACCEPT_CONTENT = ["json"]  # nothing that can run code when it is read
CELERY_TASK_IGNORE_RESULT = True  # the heartbeat in the database says that a sweep has finished
CELERY_TASK_ACKS_LATE = False  # a lost ring is harmless: the next sweep finds the same rows
CELERY_TASK_PUBLISH_RETRY = False  # whoever rings doesn't wait for a broker that is away
CELERY_TASK_TIME_LIMIT = 120  # seconds; a sweep stops by itself after 10 s and a message
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # a ring goes to a worker that is free
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000  # whatever leaks, leaks for some hours only
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # our log lines leave out values
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True  # the broker may come up later
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # and may stay away for hours
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 1  # seconds; the default waits for ever
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 2,  # seconds; without it a frozen broker holds a caller for ever
    "socket_connect_timeout": 1,
    "health_check_interval": 10,  # notices a connection that died half open
    "visibility_timeout": 600,  # longer than any task; nothing here has an ETA
}
# Intervals only: a local-time crontab drops an hour when the clocks change.
CELERY_BEAT_SCHEDULE = {
    # A ring that nobody heard is void when the next one comes: no heap of them after an outage.
    "sweep": {"task": "reminders.tasks.sweep", "schedule": 30.0, "options": {"expires": 30}},
    "extend-courses": {"task": "sessions.tasks.extend_courses", "schedule": 3600.0},
    # Days are what counts: hourly is soon enough in every time zone.
    "open-due-tasks": {"task": "outcomes.tasks.open_due_tasks", "schedule": 3600.0},
    "drop-import-drafts": {"task": "patients.tasks.drop_import_drafts", "schedule": 600.0},
}

# Keys apart from SECRET_KEY in production; derived from it elsewhere.
AUDIT_KEY = (
    env.str("AUDIT_KEY", default="") or hashlib.sha256(f"audit{SECRET_KEY}".encode()).hexdigest()
)
PLANNING_HORIZON = timedelta(weeks=12)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                without_values,
                without_links,
                structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": [
                structlog.contextvars.merge_contextvars,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
            ],
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line for a request: how it ended
