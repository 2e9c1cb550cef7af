"""`manage.py seed_demo`: fill an installation with the demo shop Nordwind."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from demo import seed
from demo.seed.shop import SLUG
from demo.state import save_access
from merchants.models import Merchant


class Command(BaseCommand):
    help = "Fill this installation with the demo shop Nordwind: customers, orders, parcels in every state, messages."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=int, default=3000, help="How many orders (default 3000).")
        parser.add_argument("--seed", type=int, default=1, help="The same seed gives the same shop.")
        parser.add_argument("--merchant", default=SLUG, help=f"The merchant's slug (default {SLUG}).")
        parser.add_argument(
            "--fresh",
            action="store_true",
            help="Delete the merchant with all its data first, if there is one.",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        slug = options["merchant"]
        known = Merchant.objects.filter(slug=slug).first()
        if known is not None and not options["fresh"]:
            raise CommandError(f"There is a merchant {slug!r} already. --fresh deletes it with all its data.")
        began = time.monotonic()
        if known is not None:
            self.stdout.write("deleting what was there")
            seed.forget_merchant(known)
        merchant = seed.make_merchant(slug)
        access = seed.give_access(merchant)
        save_access(access)
        stored = seed.fill(merchant, orders=options["orders"], number=options["seed"], say=self.stdout.write)
        self.stdout.write(
            f"{stored.orders:,} orders of {stored.customers:,} customers, {stored.shipments:,} parcels,"
            f" {stored.scans:,} scans, {stored.facts:,} facts, {stored.messages:,} messages"
            f" in {time.monotonic() - began:.1f} s"
        )
        self.stdout.write(f"Sign in as {access.user} with {access.password}; API key {access.api_key}")
