from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from clinic.audit import acting, system
from clinic.models import Clinic, Membership, User
from clinic.roles import Role


class Command(BaseCommand):
    help = "Set up a site and make a user its administrator; the rest is done in the admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--time-zone", required=True, help="such as Europe/Berlin")
        parser.add_argument("--administrator", required=True, help="a user name, made if unknown")

    def handle(self, *args: Any, **options: Any) -> None:
        clinic = Clinic(
            name=options["name"], time_zone=options["time_zone"], sender_name=options["name"]
        )
        try:
            clinic.full_clean()
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        with acting(system("create_clinic")):
            clinic.save()
            user, made = User.objects.get_or_create(username=options["administrator"])
            if made:
                user.set_unusable_password()
            user.is_staff = True
            user.save()
            Membership.objects.create(user=user, clinic=clinic, role=Role.ADMINISTRATOR)
        self.stdout.write(f"{clinic} is set up; {user.username} administers it.")
        if made:
            self.stdout.write(f"Set a password: manage.py changepassword {user.username}")
