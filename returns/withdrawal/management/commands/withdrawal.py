"""`manage.py withdrawal proof ID` writes a proof pack; `manage.py withdrawal check FILE` checks one, anywhere."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from merchants.ids import parse_public_id
from merchants.scope import merchant_scope, platform_scope
from returns.withdrawal.models import Withdrawal
from returns.withdrawal.proof import Broken, check, pack_of


class Command(BaseCommand):
    help = "Write the proof pack of a withdrawal, or check one. Checking needs no database."
    requires_system_checks: list[str] = []  # Django's own way

    def add_arguments(self, parser: CommandParser) -> None:
        does = parser.add_subparsers(dest="does", required=True)
        proof = does.add_parser("proof", help="Write a pack.")
        proof.add_argument("id", help="wdr_… or the number on the receipt (W-…)")
        proof.add_argument("--out", help="The file; else <number>.json here. - for standard output.")
        checking = does.add_parser(
            "check", help="Check a pack: exit code 1 and what is wrong, when it was changed."
        )
        checking.add_argument("file")
        checking.add_argument("--key", default="", help="The public key that it must be signed with.")
        checking.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["does"] == "proof":
            self._write(options["id"], options["out"])
        else:
            self._check(Path(options["file"]), options["key"], as_json=options["json"])

    def _write(self, wanted: str, out: str | None) -> None:
        with platform_scope("writing a proof by hand"):
            rows = Withdrawal.objects.select_related("merchant")
            pk = parse_public_id("wdr", wanted)
            found = list(rows.filter(pk=pk) if pk else rows.filter(number=wanted.upper()))
        if len(found) != 1:
            raise CommandError(
                "There is no such withdrawal." if not found else "Several have this number: name the id."
            )
        with merchant_scope(found[0].merchant):
            pack = pack_of(found[0])
        if out == "-":
            self.stdout.write(pack.decode(), ending="")
            return
        path = Path(out or f"{found[0].number}.json")
        path.write_bytes(pack)
        self.stdout.write(f"{path}: {len(pack)} bytes")

    def _check(self, path: Path, key: str, *, as_json: bool) -> None:
        try:
            told = check(path.read_bytes(), key=key)
        except (Broken, OSError, KeyError, TypeError, ValueError) as broken:
            why = (
                str(broken)
                if isinstance(broken, Broken | OSError)
                else f"a part of it is missing or odd: {broken}"
            )
            if as_json:
                self.stdout.write(json.dumps({"ok": False, "why": why}))
            raise CommandError(f"{path}: {why}") from None
        if as_json:
            self.stdout.write(json.dumps({"ok": True, **told}, ensure_ascii=False))
            return
        declared = told["declared"]
        self.stdout.write(f"{told['number']}: unchanged, {told['links']} links")
        self.stdout.write(f"declared {declared['declared_at']} by {declared['name']}: {declared['contract']}")
        self.stdout.write(f"proof code {told['proof']}")
        self.stdout.write(f"key {told['key']}")
