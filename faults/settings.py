"""Production's own settings; a small run may shorten the times, which nest as there."""

from datetime import timedelta

from clinic.settings.production import *
from clinic.settings.production import DATABASES, MESSAGE_LEASE, env

STATIC_ROOT = env.path("FAULTS_FOLDER") / "static"
MESSAGE_LEASE = timedelta(seconds=env.int("FAULTS_LEASE", default=MESSAGE_LEASE.seconds))
if env.bool("FAULTS_SHORT", default=False):
    MESSAGE_TIME = timedelta(seconds=8)
    DATABASES["default"]["OPTIONS"]["options"] = (
        "-c lock_timeout=10s -c statement_timeout=12s -c idle_in_transaction_session_timeout=20s"
    )
