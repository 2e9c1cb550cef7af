"""`manage.py eta_fit SLUG`: fit a merchant's model of delivery dates now. Workers start it each day."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from merchants.models import Merchant
from tracking.eta.learning import fit_now
from tracking.eta.threads import one_thread_a_process


class Command(BaseCommand):
    help = "Learn from a merchant's delivered parcels when the next ones will be there."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("merchant", metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        one_thread_a_process()
        merchant = Merchant.objects.defer("logo").filter(slug=options["merchant"]).first()
        if merchant is None:
            raise CommandError(f"There is no merchant {options['merchant']!r}.")
        row = fit_now(merchant, timezone.now())
        size = len(row.data or b"")
        self.stdout.write(f"{merchant.slug}: {row.cases}, {size} bytes{', ' + row.note if row.note else ''}")
