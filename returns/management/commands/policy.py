"""`manage.py policy dry_run FILE`: what a return policy would have changed, before it goes live."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from returns.policy.checking import faults
from returns.policy.dry_run.report import Report
from returns.policy.dry_run.running import MOST_DAYS, dry_run
from returns.policy.model import Policy, read


class Command(BaseCommand):
    help = (
        "Try a return policy on the past. FILE is the policy as JSON (docs/return-rules.md). Compares it with the rules"
        " in force: over all orders of the last --days days, and over the last 500 returns among them with the"
        " difference in money. Nothing is changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="dry_run")
        trial = actions.add_parser("dry_run", help=self.help, description=self.help)
        trial.add_argument("file", type=Path, metavar="FILE", help="A policy as JSON.")
        trial.add_argument("--days", type=int, default=365, metavar="N", help="How far back (365).")
        trial.add_argument(
            "--merchant", metavar="SLUG", help="Whose orders; may be left out where there is one."
        )
        trial.add_argument("--json", action="store_true", help="As JSON, for scripts.")

    def handle(self, *args: Any, **options: Any) -> None:
        policy = _read(options["file"])
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"--days is between 1 and {MOST_DAYS}.")
        merchant = _merchant(options["merchant"])
        with merchant_scope(merchant):
            report = dry_run(merchant, policy, days=options["days"], now=timezone.now())
        text = json.dumps(report.shown(), indent=2, ensure_ascii=False) if options["json"] else _table(report)
        self.stdout.write(text)


def _read(path: Path) -> Policy:
    try:
        policy = read(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.ValidationError as error:
        raise CommandError(f"{path} is no policy: {error}.") from error
    except msgspec.DecodeError as error:
        raise CommandError(f"{path} is not valid JSON: {error}.") from error
    if wrong := faults(policy):
        said = "\n".join(f"  {fault.place}: {fault.sentence}" for fault in wrong)
        raise CommandError(f"{path} cannot be put in force:\n{said}")
    return policy


def _merchant(slug: str | None) -> Merchant:
    if slug:
        merchant = Merchant.objects.filter(slug=slug).first()
        if merchant is None:
            raise CommandError(f"There is no merchant {slug}.")
        return merchant
    found = list(Merchant.objects.filter(sandbox_of__isnull=True)[:2])
    if len(found) != 1:
        raise CommandError("Name the shop with --merchant.")
    return found[0]


def _table(report: Report) -> str:
    returns, lines = (
        report.returns,
        [f"{report.orders} orders with {report.lines} lines in {report.days} days"],
    )
    rows = {
        "returnable at delivery": report.at_delivery,
        "returnable today": report.today,
        "exchange only": report.exchange_only,
        f"accepted of {returns.lines} lines in {returns.returns} returns": returns.accepted,
    }
    lines.append(f"{'':44}{'before':>10}{'after':>10}{'gained':>10}{'lost':>10}")
    lines += [f"{name:44}{c.before:>10}{c.after:>10}{c.gained:>10}{c.lost:>10}" for name, c in rows.items()]
    lines.append(
        f"longer window: {report.longer_window}, shorter: {report.shorter_window}, not sent: {report.not_sent}"
    )
    for currency, money in returns.money.items():
        lines.append(
            f"refunded {money.before.refunded:.2f} → {money.after.refunded:.2f} {currency} ({money.difference:+.2f}),"
            f" fees {money.before.fees:.2f} → {money.after.fees:.2f},"
            f" credit {money.before.credited:.2f} → {money.after.credited:.2f}"
        )
    lines += [f"rule {rule.key}: {rule.lines} lines, {rule.returns} returned" for rule in report.rules]
    return "\n".join(lines)
