"""`manage.py drain`: what the workers do, once, in this process."""

from typing import Any

from django.core.management.base import BaseCommand

from events import due
from events.drain import drain
from merchants.models import SHARDS


class Command(BaseCommand):
    help = "Hand every waiting fact to its readers and do all due work, now and without Celery or Redis."

    def handle(self, *args: Any, **options: Any) -> None:
        facts = sum(drain(shard) for shard in range(SHARDS))
        rows = sum(due.run(kind) for kind in due.kinds())
        self.stdout.write(f"{facts} facts handed out, {rows} due rows worked off.")
