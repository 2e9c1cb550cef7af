"""`manage.py create_merchant nordwind "Nordwind" --owner clara@nordwind.example`"""

import secrets
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from merchants import commands


class Command(BaseCommand):
    help = "Make a merchant and its owner, who can then sign in to the dashboard."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="The short name in addresses: nordwind")
        parser.add_argument("name", help="The name that shoppers read: Nordwind")
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="The owner's e-mail address.")
        parser.add_argument("--password", default="", help="Without it one is made and printed once.")
        parser.add_argument("--locale", default="en", help="The shop's main language: en or de.")
        parser.add_argument("--currency", default="EUR", help="ISO 4217.")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = options["owner"].strip().lower()
        known = User.objects.filter(username=owner).exists()
        password = options["password"] or ("" if known else secrets.token_urlsafe(12))
        try:
            with transaction.atomic():
                merchant = commands.create_merchant(
                    slug=options["slug"],
                    name=options["name"],
                    locale=options["locale"],
                    currency=options["currency"],
                )
                commands.add_member(merchant, email=owner, password=password)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        self.stdout.write(f"{merchant.name}: /app/{merchant.slug}/ for {owner}")
        if known:
            self.stdout.write("This person has an account already and keeps its password.")
        elif not options["password"]:
            self.stdout.write(f"Password (shown once): {password}")
