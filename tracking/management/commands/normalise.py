"""manage.py normalise --carrier NAME FILE: a recorded answer of a carrier in our normal form, as JSON."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.normalise import normal_form


class Command(BaseCommand):
    help = "Print a carrier's answer in our normal form, as JSON. Needs neither database nor network."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--carrier", required=True, help="our code: dhl, ups, fedex …")
        parser.add_argument("file", metavar="FILE", help="the answer's body; - for standard input")
        parser.add_argument("--number", help="the parcel that is meant, when the answer has several")
        parser.add_argument("--http-status", type=int, default=200)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            body = sys.stdin.buffer.read() if options["file"] == "-" else Path(options["file"]).read_bytes()
            shown = normal_form(
                options["carrier"], body, number=options["number"], status=options["http_status"]
            )
        except (LookupError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(shown, ensure_ascii=False, indent=2))
