"""`manage.py eta_backtest`: how good our delivery dates would have been, and how good simpler ones."""

import json
from argparse import ArgumentParser
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracking.eta.cases import SECONDS_A_DAY, Past
from tracking.eta.threads import one_thread_a_process

_COLUMNS = ("orders", "mae", "median_error", "coverage", "width", "pinball")


class Command(BaseCommand):
    help = (
        "Predict the delivery of each order placed between two dates from what was known at its purchase and at its"
        " hand-over, learning anew as the span goes on from what was known by then; and compare. Days; no database"
        " is needed for files. Orders, items and sellers are parquet files with Olist's columns and may begin long"
        " before --from: that is what is learned from."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--orders", type=Path)
        parser.add_argument("--items", type=Path)
        parser.add_argument("--sellers", type=Path)
        parser.add_argument("--merchant", metavar="SLUG", help="Our own tables instead of files.")
        parser.add_argument("--from", dest="start", type=date.fromisoformat, required=True, metavar="DATE")
        parser.add_argument("--to", dest="end", type=date.fromisoformat, required=True, metavar="DATE",
                            help="The first day that does not count any more.")  # fmt: skip
        parser.add_argument("--json", action="store_true", help="As JSON, for scripts.")

    def handle(self, *args: Any, **options: Any) -> None:
        one_thread_a_process()
        from tracking.eta import backtest

        start, end = _day(options["start"]), _day(options["end"])
        if end <= start:
            raise CommandError("--to has to lie after --from.")
        found = backtest.run(_pasts(options), start, end)
        if not found:
            raise CommandError("No order of this span was delivered.")
        result = {"from": str(options["start"]), "to": str(options["end"]), **found}
        self.stdout.write(
            json.dumps(result, indent=2, ensure_ascii=False) if options["json"] else _table(result)
        )


def _pasts(options: dict[str, Any]) -> list[Past]:
    if options["merchant"]:
        from tracking.eta.history import pasts_of_slug

        return pasts_of_slug(options["merchant"])
    paths = [options[name] for name in ("orders", "items", "sellers")]
    if not all(paths):
        raise CommandError("Name --orders, --items and --sellers, or --merchant.")
    from tracking.eta import olist

    try:
        return olist.read(*paths)
    except (OSError, ValueError, KeyError) as error:
        raise CommandError(f"The files cannot be read: {error}") from error


def _day(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() / SECONDS_A_DAY


def _table(result: dict[str, Any]) -> str:
    lines = [f"{'':32}" + "".join(f"{name:>14}" for name in _COLUMNS)]
    for stage, measured in result.items():
        if not isinstance(measured, dict):
            continue
        named = {k: v for k, v in measured.items() if isinstance(v, dict) and k != "lanes"}
        for name, values in [*named.items(), *measured["lanes"].items()]:
            cells = "".join(f"{'–' if values[c] is None else values[c]:>14}" for c in _COLUMNS)
            lines.append(f"{stage + ' ' + name:32}{cells}")
    return "\n".join(lines)
