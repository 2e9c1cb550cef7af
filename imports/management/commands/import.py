"""`manage.py import orders FILE --merchant SLUG`: bring data along, in this process."""

import csv
import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from events import due
from imports import commands, files, queries
from imports.claims import LEASE, LeaseLost
from imports.models import Format, Import, ImportState, Kind
from imports.work import run
from merchants.ids import parse_public_id, public_id
from merchants.models import Merchant
from merchants.rest.errors import Problem
from merchants.scope import merchant_scope, platform_scope

_TELL_SECONDS = 2.0


class Command(BaseCommand):
    # They would load the pages and the API: a second, and memory.
    requires_system_checks: list[str] = []
    help = (
        "Import orders, shipments, customers or products from a CSV (columns are found by their headers) or from"
        " NDJSON (a body of the API a line). Nothing is sent to anybody about it. Importing the same file again"
        " updates what it stored the first time. Interrupted, it goes on by itself where workers run, or with"
        " --resume. Exit code 1 when a line was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=[*Kind.values], help="What the file holds.")
        parser.add_argument(
            "file", nargs="?", help="The file; - reads standard input. Left out with --resume."
        )
        parser.add_argument("--merchant", required=True, metavar="SLUG", help="Whose data it is.")
        parser.add_argument("--format", choices=Format.values, help="Found out when left out.")
        parser.add_argument(
            "--mapping", metavar="FILE",
            help='JSON: {"mapping": {"external_id": "Order ID", …}, "options": {"decimal": ",", "dates": "dmy",'
            ' "currency": "EUR"}}. Left out: as the last time with these headers, else by their names.',
        )  # fmt: skip
        parser.add_argument(
            "--resume", metavar="IMPORT", help="Go on with an import that was interrupted: imp_…"
        )
        parser.add_argument("--report", metavar="FILE", help="Write refused lines as CSV into this file.")
        parser.add_argument("--json", action="store_true", help="Progress and result as JSON, a line each.")

    def handle(self, *_: Any, **options: Any) -> None:
        merchant = Merchant.objects.filter(slug=options["merchant"]).first()
        if merchant is None:
            raise CommandError(f"There is no merchant {options['merchant']!r}.")
        with merchant_scope(merchant):
            try:
                row = self._resume(options) if options["resume"] else self._start(merchant, options)
            except Problem as problem:
                raise CommandError(problem.detail) from None
            row.merchant = merchant
            self._run(row, as_json=options["json"])
            if options["report"]:
                _write_report(row, Path(options["report"]))
        if row.state != ImportState.DONE:
            raise CommandError(row.error or f"The import is {row.state}.")
        if row.refused:
            sys.exit(1)

    def _start(self, merchant: Merchant, options: dict[str, Any]) -> Import:
        if not options["file"]:
            raise CommandError("Name a file, or an import to go on with (--resume).")
        format_ = Format(options["format"]) if options["format"] else None
        stored = files.store(_pieces(options["file"]))
        found = commands.look_at(stored, format_)
        row = commands.create_import(
            merchant, Kind(options["kind"]), options["file"], stored, found, created_by="manage.py import"
        )
        if options["mapping"]:
            given = json.loads(Path(options["mapping"]).read_text())
            mapping = given.get("mapping", row.mapping)
            commands.map_columns(merchant, row.id, mapping, {**row.options, **given.get("options", {})})
        return commands.start_import(merchant, row.id, held=True)

    def _resume(self, options: dict[str, Any]) -> Import:
        import_id = parse_public_id("imp", options["resume"])
        row = queries.get_import(import_id)
        with platform_scope("going on with one import by its id"):
            waiting = Import.objects.filter(pk=row.pk, state=ImportState.RUNNING)
            if not waiting.exists():
                raise CommandError(f"The import is {row.state}.")
        claimed = [r for r in due.claim(Import, limit=1, lease=LEASE, where=_is(row)) if r.pk == row.pk]
        if not claimed:
            raise CommandError(
                "Somebody is running this import, or was a minute ago. Try again after a minute."
            )
        return claimed[0]

    def _run(self, row: Import, *, as_json: bool) -> None:
        began = time.monotonic()
        told = began

        def tell() -> None:
            nonlocal told
            if time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                self._tell(row, began, as_json=as_json)

        try:
            run(row, progress=tell)
        except LeaseLost:
            row.refresh_from_db()
        self._tell(row, began, as_json=as_json)

    def _tell(self, row: Import, began: float, *, as_json: bool) -> None:
        shown = {
            "import": public_id("imp", row.id), "state": row.state, "read": row.read, "created": row.created,
            "updated": row.updated, "refused": row.refused, "percent": queries.percent(row),
            "seconds": round(time.monotonic() - began, 1),
        }  # fmt: skip
        if as_json:
            self.stdout.write(json.dumps(shown))
        else:
            self.stdout.write(
                f"{shown['import']}  {shown['percent']:3} %  {row.read:,} read, {row.created:,} new,"
                f" {row.updated:,} known, {row.refused:,} refused  ({shown['seconds']} s)"
            )


def _is(row: Import) -> Any:
    from django.db.models import Q

    return Q(pk=row.pk)


def _pieces(name: str) -> Iterator[bytes]:
    try:
        with open(0 if name == "-" else name, "rb") as file:
            while piece := file.read(files.PIECE):
                yield piece
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None


def _write_report(row: Import, path: Path) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "field", "column", "what"])
        for refused in queries.every_refused_line(row):
            writer.writerow([refused.line, refused.field, refused.column, refused.detail])
