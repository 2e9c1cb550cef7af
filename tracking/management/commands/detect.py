"""`manage.py detect NUMBER…`: which carriers tracking numbers may belong to, as JSON. Needs no database."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tracking.carriers.numbers.detect import Hints, detect


class Command(BaseCommand):
    help = "Print which carriers tracking numbers may belong to, likeliest first, as JSON."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numbers", nargs="+", metavar="NUMBER")
        parser.add_argument("--country", default="", help="Where the parcels go: DE")
        parser.add_argument("--own", default="", help="The shop's own carriers: dhl,ups")

    def handle(self, *args: Any, **options: Any) -> None:
        own = {code.strip(): 1.0 for code in options["own"].split(",") if code.strip()}
        hints = Hints(own=own, country=options["country"].strip().upper())
        found = [
            {"number": number, "carriers": [asdict(candidate) for candidate in detect(number, hints)]}
            for number in options["numbers"]
        ]
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
