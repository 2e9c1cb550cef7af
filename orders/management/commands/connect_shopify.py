"""`manage.py connect_shopify <merchant>`: let a Shopify shop send its webhooks here."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from merchants.models import Merchant
from orders.connectors.shopify import NEEDED_TOPICS, SOURCE
from orders.shops import connect_shop, hook_path


class Command(BaseCommand):
    help = "Connect a merchant's Shopify shop, or give its connection a new secret. The former one keeps working."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("merchant", help="The merchant's slug.")
        parser.add_argument(
            "--secret-from-stdin", action="store_true",
            help="Read the secret that Shopify signs with from standard input, instead of making one.",
        )  # fmt: skip

    def handle(self, *_: Any, **options: Any) -> None:
        merchant = Merchant.objects.filter(slug=options["merchant"]).first()
        if merchant is None:
            raise CommandError(f"There is no merchant {options['merchant']!r}.")
        given = sys.stdin.readline().strip() if options["secret_from_stdin"] else ""
        if options["secret_from_stdin"] and not given:
            raise CommandError("No secret came from standard input.")
        secret = connect_shop(merchant, SOURCE, secret=given)
        self.stdout.write(f"Address:  {settings.PUBLIC_URL}{hook_path(merchant, SOURCE)}")
        self.stdout.write(f"Topics:   {', '.join(NEEDED_TOPICS)}")
        self.stdout.write("Format:   JSON")
        if not given:
            self.stdout.write(f"Secret:   {secret}")
            self.stdout.write(
                "Shopify signs with a secret of its own: the app's client secret, or the one under Settings,"
                " Notifications, Webhooks. Give that one with --secret-from-stdin."
            )
