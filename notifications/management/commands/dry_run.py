"""`manage.py dry_run TOUCHPOINT --days N`: what a message, or a change to it, would have done in the last days."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from merchants.choosing import add_merchant_option, chosen_merchant
from merchants.scope import merchant_scope
from notifications.dry_run.changes import BadChange, changed
from notifications.dry_run.run import LISTED, LONGEST, SHORTEST, USUAL_DAYS, NotRunnable, dry_run
from notifications.switches import switches
from notifications.touchpoints import TOUCHPOINTS


class Command(BaseCommand):
    help = (
        "Run a kind of message over the merchant's own log of the last days, as if it had been on, also with a change:"
        " how many would have gone out, to whom and when, which not and why, beside what was sent. Writes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("touchpoint", metavar="TOUCHPOINT")
        parser.add_argument("--days", type=int, default=USUAL_DAYS, help=f"{SHORTEST} to {LONGEST}.")
        add_merchant_option(parser)
        parser.add_argument("--json", action="store_true", help="As JSON, for scripts.")
        parser.add_argument(
            "--list", type=int, default=LISTED, metavar="N", help="So many messages, the newest."
        )
        parser.add_argument("--delay", metavar="3d", help="With another delay: 30m, 2h, 3d.")
        parser.add_argument("--at", metavar="10:00", help="At this time of the shopper's day.")
        parser.add_argument(
            "--conditions",
            metavar="JSON",
            help='On these conditions: [{"field": "country", "op": "is", "values": ["DE"]}]',
        )
        parser.add_argument("--channels", metavar="email,sms", help="By these channels.")
        parser.add_argument("--holdout", type=int, metavar="PERCENT", help="With so many held out.")

    def handle(self, *args: Any, **options: Any) -> None:
        touchpoint, days = options["touchpoint"], options["days"]
        if touchpoint not in TOUCHPOINTS:
            raise CommandError(f"There is no touchpoint {touchpoint}. There are: {', '.join(TOUCHPOINTS)}.")
        if not SHORTEST <= days <= LONGEST or options["list"] < 0:
            raise CommandError(f"--days is {SHORTEST} to {LONGEST}, and --list 0 or more.")
        merchant = chosen_merchant(options["merchant"])
        with merchant_scope(merchant):
            current = switches([touchpoint])[touchpoint]
        try:
            switch = changed(touchpoint, current, options)
            found = dry_run(
                merchant, touchpoint, switch, days=days, now=timezone.now(), listed=options["list"]
            )
        except (BadChange, NotRunnable) as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2, ensure_ascii=False))
            return
        self.stdout.write(f"{found['would_send']} would have been sent, {found['would_skip']} not:")
        for line in found["skipped"]:
            self.stdout.write(f"  {line['number']:6} {line['reason_text']}")
        self.stdout.write(
            "What was: " + (", ".join(f"{v} {k}" for k, v in found["was"].items()) or "nothing")
        )
