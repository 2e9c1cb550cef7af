"""`manage.py simulate`: keep orders coming and parcels moving, through the HTTP API."""

import os
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from demo.seed.shop import SLUG
from demo.shop_api import ShopApi
from demo.simulator import Simulator
from demo.state import load_access
from merchants.models import Merchant


class Command(BaseCommand):
    help = (
        "Keep placing orders and moving parcels through the sandbox carrier. Speaks to AFTERWARD_PUBLIC_URL with the"
        " demo's API key, or with the one in AFTERWARD_API_KEY. Ends with Ctrl-C or SIGTERM."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--speed", type=float, default=10.0, help="Seconds that a simulated day takes (10)."
        )
        parser.add_argument("--merchant", default=SLUG, help=f"The merchant's slug (default {SLUG}).")
        parser.add_argument("--days", type=float, help="Stop after so many simulated days.")

    def handle(self, *_: Any, **options: Any) -> None:
        merchant = Merchant.objects.filter(slug=options["merchant"]).first()
        if merchant is None:
            raise CommandError(
                f"There is no merchant {options['merchant']!r}. `manage.py seed_demo` makes one."
            )
        if options["speed"] <= 0:
            raise CommandError("--speed is a number of seconds above 0.")
        access = load_access()
        key = os.environ.get("AFTERWARD_API_KEY") or (access.api_key if access else "")
        if not key:
            raise CommandError("There is no API key: name one in AFTERWARD_API_KEY.")
        stopped: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, _: stopped.append(received))
        simulator = Simulator(
            ShopApi(f"{settings.PUBLIC_URL}/api/v1/", key), merchant, speed=options["speed"]
        )
        simulator.run(lambda: bool(stopped), days=options["days"])
