"""`manage.py setup_link`: where the first account of a fresh installation is made, in a browser."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from merchants import first


class Command(BaseCommand):
    help = "Print the link under which the first shop and its owner are made. It works once, for a day."

    def handle(self, *args: Any, **options: Any) -> None:
        if not first.is_fresh():
            raise CommandError(
                "Somebody has an account already. Owners invite people; or use create_merchant."
            )
        self.stdout.write(first.setup_link())
