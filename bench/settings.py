"""Production's own settings; the proxy in front is played by whoever asks."""

from clinic.settings.production import *
from clinic.settings.production import env

DEMO_ALLOWED = True  # the rows come from seed_load
STATIC_ROOT = env.path("BENCH_STATIC")
