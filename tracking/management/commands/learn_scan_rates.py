"""`manage.py learn_scan_rates`: count all scans anew, as workers do a merchant a day."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from tracking.rates import budget, learning


class Command(BaseCommand):
    help = (
        "Forget what was learned about when carriers scan parcels, and learn it again from the scans of the last "
        "weeks: for every merchant, and then what looks cost. Workers may run meanwhile."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        learning.forget()
        budget.make_lessons()
        count = 0
        while budget.learn_due(timezone.now()):
            count += 1
        self.stdout.write(self.style.SUCCESS(f"Learned from the scans of {count} merchants."))
