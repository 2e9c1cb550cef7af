"""`manage.py forget_second_factor their@address`: for somebody who lost phone and recovery codes."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from accounts.two_factor import forget_everything


class Command(BaseCommand):
    help = "Forget a person's authenticator app, passkeys and recovery codes, and end all their sessions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError("Nobody has this address.")
        forget_everything(user)
        self.stdout.write(f"{user.username} signs in with the password alone now. Make sure that they asked.")
