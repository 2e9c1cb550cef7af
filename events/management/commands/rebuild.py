"""`manage.py rebuild NAME`: replay the log through one reader."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.rebuild import CannotRebuild, rebuild
from events.subscribers import all_subscribers, get_subscriber
from merchants.models import SHARDS


class Command(BaseCommand):
    help = (
        "Forget what a reader of the log derived, and derive it again from the beginning. Without a name: list the "
        "readers. Workers may run meanwhile; until it is done, pages that show this reader's rows show only some."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="The reader, as the list shows it.")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if name is None:
            self._list()
            return
        try:
            subscriber = get_subscriber(name)
        except KeyError:
            known = ", ".join(subscriber.name for subscriber in all_subscribers())
            raise CommandError(f"There is no reader {name!r}. There are: {known}.") from None
        try:
            handed = rebuild(subscriber, self._progress)
        except CannotRebuild as error:
            raise CommandError(str(error)) from None
        self.stdout.write(self.style.SUCCESS(f"{name} was handed {handed} facts and is up to date."))

    def _list(self) -> None:
        for subscriber in all_subscribers():
            can = "can be rebuilt" if subscriber.forget else "cannot: it acts on the world"
            self.stdout.write(f"{subscriber.name:32} {can:30} reads {', '.join(subscriber.types)}")

    def _progress(self, shard: int, handed: int) -> None:
        self.stdout.write(f"line {shard + 1} of {SHARDS}: {handed} facts so far")
