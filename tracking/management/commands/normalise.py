"""A recorded answer of a carrier, or a scan's bare words, in our normal form, as JSON.

`manage.py normalise --carrier dhl FILE`, `manage.py normalise --text "Zustellung erfolgreich"`
"""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.carriers.words import read_words
from tracking.normalise import normal_form


class Command(BaseCommand):
    help = "Print a carrier's answer, or a scan's words, in our normal form, as JSON. Needs no database and no network."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--carrier", help="our code: dhl, ups, fedex …")
        which.add_argument("--text", help="a scan's words, in English, German or French")
        parser.add_argument(
            "file", metavar="FILE", nargs="?", help="the answer's body; - or nothing for standard input"
        )
        parser.add_argument("--number", help="the parcel that is meant, when the answer has several")
        parser.add_argument("--http-status", type=int, default=200)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["text"] is not None:
            shown: Any = _words(options["text"])
        else:
            shown = _answer(options)
        self.stdout.write(json.dumps(shown, ensure_ascii=False, indent=2))


def _words(text: str) -> dict[str, str]:
    read = read_words(text)
    why = {"rule": read.rule} if read.rule else {"reason": "No rule knows these words: something happened."}
    return {"status": read.status, "substatus": read.substatus, **why}


def _answer(options: dict[str, Any]) -> Any:
    name = options["file"] or "-"
    try:
        body = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return normal_form(options["carrier"], body, number=options["number"], status=options["http_status"])
    except (LookupError, OSError) as error:
        raise CommandError(str(error)) from error
