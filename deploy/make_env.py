"""Print an environment file with fresh secrets:  python3 deploy/make_env.py HOST > .env"""

import secrets
import sys

TEXT = """\
# Taper's secrets: keep this file out of every repository, and a copy of it apart from the backups.
SITE_HOST={host}

# Signs sessions and links. At least 50 characters.
SECRET_KEY={secret_key}
# Keys the digests in the audit trail. Losing it means that old entries can't be verified any more.
AUDIT_KEY={audit_key}

# The application's role owns nothing; migrations run as the owner.
DATABASE_URL=postgres://taper_app:{app_password}@postgres:5432/taper
MIGRATE_DATABASE_URL=postgres://taper_owner:{owner_password}@postgres:5432/taper
POSTGRES_PASSWORD={postgres_password}

# The clinic's mail server. smtp+tls:// is STARTTLS on port 587, smtp+ssl:// is TLS from the start.
# To look at mails first: EMAIL_URL=smtp://mail:1025 and docker compose --profile demo up -d
EMAIL_URL=smtp+tls://USER:PASSWORD@mail.{host}:587
DEFAULT_FROM_EMAIL=appointments@{host}
"""


def env_file(host: str) -> str:
    names = ("secret_key", "audit_key", "app_password", "owner_password", "postgres_password")
    return TEXT.format(host=host, **{name: secrets.token_urlsafe(48) for name in names})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(env_file(sys.argv[1]), end="")
