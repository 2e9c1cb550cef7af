"""`manage.py demo`: what `make demo` runs."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from demo.console import Console
from demo.prepare import NoPort
from demo.state import AlreadyRunning
from demo.supervisor import NotStarted, Options, Supervisor


class Command(BaseCommand):
    help = (
        "Start web, worker, beat and a simulator with the demo shop Nordwind, and print where everything is."
        " The same is written to .demo.json, for scripts. What was there stays there; Ctrl-C ends every process."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="The first port to try (default 8000).")
        parser.add_argument(
            "--speed", type=float, default=10.0, help="Seconds that a simulated day takes (10)."
        )
        parser.add_argument("--no-simulate", action="store_true", help="Nothing happens by itself.")
        parser.add_argument(
            "--fresh", action="store_true", help="Begin with a new shop: forget what was there."
        )
        parser.add_argument("--orders", type=int, default=3000, help="How many orders a new shop has (3000).")
        parser.add_argument(
            "--description", type=Path, default=Path(settings.BASE_DIR) / ".demo.json", metavar="FILE",
            help="Where to write addresses, password and keys as JSON, for the owner only (.demo.json).",
        )  # fmt: skip

    def handle(self, *_: Any, **options: Any) -> None:
        if options["speed"] <= 0:
            raise CommandError("--speed is a number of seconds above 0.")
        chosen = Options(
            port=options["port"], speed=options["speed"], simulate=not options["no_simulate"],
            fresh=options["fresh"], orders=options["orders"], description=options["description"],
        )  # fmt: skip
        try:
            Supervisor(chosen, Console()).run()
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        except AlreadyRunning as error:
            raise CommandError(f"A demo is running already: {error or 'it is just starting'}") from None
        except (NoPort, NotStarted) as error:
            raise CommandError(str(error)) from None
