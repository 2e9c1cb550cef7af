"""What a policy would have changed: counted by hand here, and over both the orders and what came back."""

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order, Refund
from orders.schemas import LineIn
from returns.commands import request_return
from returns.policy.commands import save_policy
from returns.policy.dry_run import orders as streamed
from returns.policy.dry_run.report import Compared, Report
from returns.policy.dry_run.running import dry_run
from returns.policy.model import Policy
from returns.requesting import RequestedReturn
from returns.states import Side
from tests import factories
from tests.returns.policy.test_judging import policy, rule
from tests.returns.policy.test_verdicts import delivered

NOW = timezone.now()


def refunded(merchant: Merchant, order: Order, days_ago: int, **lines: int) -> None:
    with merchant_scope(merchant):
        Refund.objects.create(
            merchant=merchant, order=order, external_id=f"r{days_ago}", amount=1, currency=order.currency, lines=lines,
            refunded_at=NOW - timedelta(days=days_ago), created_at=NOW,
        )  # fmt: skip


def run(merchant: Merchant, new: Policy, days: int = 365) -> Report:
    with merchant_scope(merchant):
        return dry_run(merchant, new, days=days, now=NOW)


def test_orders_are_compared_line_by_line(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "SLICE", 2)
    socks = [
        LineIn(title="Sock", quantity=1, unit_price=Decimal(5), external_id="L1", sku="SOCK"),
        LineIn(title="Coat", quantity=1, unit_price=Decimal(200), external_id="L2", sku="COAT"),
    ]
    delivered(merchant, 5, lines=socks)  # within both windows
    delivered(merchant, 20, lines=socks)
    delivered(merchant, 40, lines=socks)  # after 30 days, not after 60
    delivered(merchant, 400, lines=socks)  # longer ago than asked for
    factories.order(merchant, lines=socks, placed_at=NOW - timedelta(days=1))  # not sent
    new = policy(
        rule(("sku", "is", "sock"), name="Socks", final_sale=True),
        rule(("price", "at_least", "100"), name="Dear", window=60),
    )
    report = run(merchant, new)
    assert (report.orders, report.lines, report.not_sent) == (4, 8, 2)
    assert report.at_delivery == Compared(before=6, after=3, gained=0, lost=3)
    # Coats of the order 40 days ago can come back; socks cannot.
    assert report.today == Compared(before=4, after=3, gained=1, lost=2)
    assert (report.longer_window, report.shorter_window) == (3, 0)
    assert [(r.key, r.lines) for r in report.rules] == [("socks", 3), ("dear", 3)]


def test_the_last_returns_are_judged_when_they_were_asked_for_with_the_money(merchant: Merchant) -> None:
    early, late = delivered(merchant, 50, quantity=2, discount=Decimal(89)), delivered(merchant, 50)
    refunded(merchant, early, 45, L1=1)  # five days after the delivery
    refunded(merchant, late, 10, L1=1)  # forty days after it: only today's rules take it
    refunded(merchant, late, 9, Lx=1)  # of a line that nobody knows
    save_policy(merchant, policy(window=60))
    report = run(merchant, policy(window=14, fees={"flat": "4.90", "restocking_percent": "10"}))
    assert (report.returns.returns, report.returns.lines) == (2, 2)
    assert report.returns.accepted == Compared(before=2, after=1, gained=0, lost=1)
    money = report.returns.money["EUR"]
    # Half of the first order's price was a discount: 44.50 was paid for it.
    assert money.before.refunded == Decimal("44.50") + Decimal(89)
    assert money.after.refunded == Decimal("44.50") - Decimal("4.90") - Decimal("4.45")
    assert (money.after.fees, money.difference) == (Decimal("9.35"), Decimal("-98.35"))
    with merchant_scope(merchant):
        assert Refund.objects.count() == 3


@pytest.mark.parametrize(
    ("offered", "refunded_", "credited"),
    [(["store_credit"], "0", "97.90"), (["exchange"], "0", "0"), (["store_credit", "refund"], "89", "0")],
)
def test_money_that_stays_in_the_shop_is_told_apart(
    merchant: Merchant, offered: list[str], refunded_: str, credited: str
) -> None:
    refunded(merchant, delivered(merchant, 5), 3, L1=1)
    after = run(merchant, policy(resolutions=offered, bonus_percent="10")).returns.money["EUR"].after
    assert (after.refunded, after.credited) == (Decimal(refunded_), Decimal(credited))


def test_rules_that_count_days_are_asked_again_for_today(merchant: Merchant) -> None:
    delivered(merchant, 20)
    new = policy(rule(("days_since_delivery", "at_least", "14"), name="Late", final_sale=True))
    report = run(merchant, new)
    assert (report.at_delivery.lost, report.today.lost) == (0, 1)


def command(path: Path, *more: str) -> str:
    out = StringIO()
    call_command("policy", "dry_run", str(path), *more, stdout=out)
    return out.getvalue()


def test_the_command_speaks_json_and_words(merchant: Merchant, tmp_path: Path) -> None:
    refunded(merchant, delivered(merchant, 5), 3, L1=1)
    file = tmp_path / "rules.json"
    file.write_bytes(msgspec.json.encode(policy(rule(name="All", final_sale=True))))
    told: dict[str, Any] = json.loads(command(file, "--days", "30", "--json"))
    assert told["at_delivery"] == {"before": 1, "after": 0, "gained": 0, "lost": 1}
    assert told["rules"] == [{"key": "all", "name": "All", "lines": 1, "returns": 1}]
    assert told["returns"]["money"]["EUR"]["difference"] == "-89.0000"
    assert "refunded 89.00 → 0.00 EUR (-89.00)" in command(file, "--merchant", "nordwind")


@pytest.mark.parametrize(
    ("content", "more", "why"),
    [
        ('{"rules": [{', [], "is not valid JSON"),
        ('{"rulez": []}', [], "unknown field `rulez`"),
        ('{"standard": {"methods": []}}', [], "standard.methods: Choose at least one."),
        ("{}", ["--days", "0"], "--days is between 1 and 3650"),
        ("{}", ["--merchant", "nobody"], "There is no merchant nobody."),
    ],
)
def test_a_bad_file_is_refused_with_the_place(
    merchant: Merchant, tmp_path: Path, content: str, more: list[str], why: str
) -> None:
    file = tmp_path / "rules.json"
    file.write_text(content)
    with pytest.raises(CommandError, match=why):
        command(file, *more)
    with pytest.raises(CommandError, match="cannot be read"):
        command(tmp_path / "none.json")


def test_returns_asked_for_here_count_with_what_they_were_to_become(merchant: Merchant) -> None:
    order = delivered(merchant, 5)
    request_return(merchant, order.id, RequestedReturn(), by=Side.SHOPPER)
    refunded(merchant, order, 1, L1=1)  # that return's money
    report = run(merchant, policy(rule(("order_returns", "at_least", "1"), name="Again", exchange_only=True)))
    assert (report.returns.returns, report.returns.lines, report.rules[0].returns) == (1, 1, 1)
    assert report.returns.money["EUR"].after.refunded == 0
