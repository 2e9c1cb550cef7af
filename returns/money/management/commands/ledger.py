"""`manage.py ledger verify`: prove that the books are right."""

import sys
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction

from returns.money.verifying import Proof, verify


class Command(BaseCommand):
    help = (
        "Prove the ledger: every currency sums to zero, no account is out of its bounds or beside its transfers, no "
        "order was refunded above what was paid, no refund differs from its transfers. Exit 1 when anything does."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["verify"], help="What to do.")
        parser.add_argument("--json", action="store_true", help="As JSON, amounts as texts.")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            if connection.get_autocommit() is False and not connection.savepoint_ids:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            proof = verify()
        if options["json"]:
            self.stdout.write(msgspec.json.encode(proof).decode())
        else:
            self._tell(proof)
        if proof.differences:
            sys.exit(1)

    def _tell(self, proof: Proof) -> None:
        for sums in proof.currencies:
            self.stdout.write(
                f"{sums.currency}  {sums.accounts} accounts, posted {sums.debits_posted} = {sums.credits_posted}, "
                f"pending {sums.debits_pending} = {sums.credits_pending}"
            )
        for name in (
            "accounts_out_of_bounds",
            "accounts_beside_their_transfers",
            "orders_refunded_above_paid",
            "refunds_beside_their_transfers",
        ):
            for row in getattr(proof, name):
                told = " ".join(f"{key}={value}" for key, value in msgspec.structs.asdict(row).items())
                self.stdout.write(self.style.ERROR(f"{name.replace('_', ' ')}: {told}"))
        self.stdout.write(f"{proof.differences} differences.")
