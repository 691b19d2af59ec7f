"""`./dev run`: everything embedded, mails into files unless EMAIL_URL says otherwise."""

from clinic.settings.base import *
from clinic.settings.base import VAR, env

SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
DEMO_ALLOWED = True

if env.str("EMAIL_URL", default=""):
    vars().update(env.dj_email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR / "mail"
