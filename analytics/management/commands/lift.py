"""`manage.py lift TOUCHPOINT`: what a message does, against its holdout; `--simulate`: do the intervals hold?"""

import json
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from analytics.lift.queries import lifts
from analytics.lift.schemas import LiftOut, show_lift
from analytics.lift.simulate import Setting, simulate
from analytics.lift.windows import set_window
from merchants.choosing import add_merchant_option, chosen_merchant
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_scope
from notifications.touchpoints import TOUCHPOINTS

_USUAL = Setting()


class Command(BaseCommand):
    help = (
        "Say what a kind of message does to repeat purchases, revenue, returns and questions, against the shoppers who"
        " were held out of it. Or, with --simulate, repeat experiments with a known truth, look at each of them every"
        " day, and count how often the interval left the truth out (coverage) and how often it showed an effect where"
        " there is none (false alarms); beside it what an ordinary 95 % interval does when it is looked at daily."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "touchpoint", nargs="?", default="", metavar="TOUCHPOINT", help="All when left out."
        )
        add_merchant_option(parser)
        parser.add_argument("--json", action="store_true", help="As JSON, for scripts.")
        parser.add_argument(
            "--window", type=int, metavar="DAYS", help="From now on look at so many days after the message."
        )
        parser.add_argument(
            "--simulate", action="store_true", help="Experiments with a known truth; no database."
        )
        parser.add_argument(
            "--experiments", type=int, default=400, help="So many without an effect, and with one."
        )
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--days", type=int, default=_USUAL.days, help="Days of an experiment; a look a day."
        )
        parser.add_argument("--shoppers", type=int, default=_USUAL.shoppers_a_day, help="Shoppers a day.")
        parser.add_argument("--percent", type=float, default=_USUAL.percent, help="Share that is held out.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["simulate"]:
            self._simulate(options)
            return
        touchpoint = options["touchpoint"]
        if touchpoint and touchpoint not in TOUCHPOINTS:
            raise CommandError(f"There is no touchpoint {touchpoint}. There are: {', '.join(TOUCHPOINTS)}.")
        merchant = chosen_merchant(options["merchant"])
        if options["window"] is not None:
            _set_window(merchant, touchpoint, options["window"])
        with merchant_scope(merchant):
            found = [show_lift(lift, merchant.currency) for lift in lifts(timezone.now(), touchpoint or None)]
        if options["json"]:
            self.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode())
        else:
            self.stdout.write("\n".join(_lines(found)) or "Nobody was held out of it yet.")

    def _simulate(self, options: dict[str, Any]) -> None:
        setting = Setting(options["days"], options["shoppers"], options["percent"])
        if options["experiments"] < 1 or setting.days < 1 or setting.shoppers_a_day < 1:
            raise CommandError("--experiments, --days and --shoppers are at least 1.")
        if not 0 < setting.percent < 100:
            raise CommandError("--percent lies between 0 and 100.")
        found = simulate(options["experiments"], options["seed"], setting)
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
            return
        for name, seen in found["planted"].items():
            alarms = found["without_effect"][name]
            self.stdout.write(
                f"{name:10} coverage {seen['coverage']:.1%}   false alarms {alarms['false_alarm_rate']:.1%}"
                f" (an ordinary interval: {alarms['false_alarm_rate_of_an_ordinary_interval']:.1%})"
            )


def _set_window(merchant: Merchant, touchpoint: str, days: int) -> None:
    if not touchpoint:
        raise CommandError("Say of which touchpoint.")
    try:
        set_window(merchant, touchpoint, days)
    except Unprocessable as problem:
        raise CommandError(f"--window: {problem.detail}") from None


def _lines(found: list[LiftOut]) -> list[str]:
    lines = []
    for lift in found:
        lines.append(
            f"{lift.touchpoint}: {lift.holdout_percent} % held out, {lift.waiting} wait for their window"
        )
        for one in lift.outcomes:
            span = "" if one.low is None else f"  [{one.low:+.4f}, {one.high:+.4f}]"
            lines.append(
                f"  {one.outcome:10} {one.verdict:16} {one.effect:+.4f}{span}  without: {one.without:.4f}"
            )
    return lines
