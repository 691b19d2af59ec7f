#!/usr/bin/env python
import os
import sys


def main() -> None:
    if not {"DJANGO_SETTINGS_MODULE", "SECRET_KEY"} & os.environ.keys():
        # Nothing says where it runs: as `./dev manage` it finds its packages and its database.
        dev = os.path.join(os.path.dirname(os.path.realpath(__file__)), "dev")
        os.execv(dev, [dev, "manage", *sys.argv[1:]])  # noqa: S606  no shell
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.local")

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
