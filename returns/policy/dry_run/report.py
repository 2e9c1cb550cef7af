"""What a policy would have changed, in figures. It adds up order by order, and is stored between two slices."""

from decimal import Decimal
from typing import Any

import msgspec


class Compared(msgspec.Struct):
    """How many under the rules in force and under the new ones; gained and lost: those that differ."""

    before: int = 0
    after: int = 0
    gained: int = 0
    lost: int = 0

    def add(self, before: bool, after: bool) -> None:
        """Count one more."""
        self.before += before
        self.after += after
        self.gained += after and not before
        self.lost += before and not after


class Amounts(msgspec.Struct):
    """Of past returns, in one currency. refunded: money that leaves the shop; credited: with its bonus."""

    refunded: Decimal = Decimal(0)
    credited: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    kept_goods: Decimal = Decimal(0)


class Money(msgspec.Struct):
    """Under the rules in force, and under the new ones."""

    before: Amounts = msgspec.field(default_factory=Amounts)
    after: Amounts = msgspec.field(default_factory=Amounts)

    @property
    def difference(self) -> Decimal:
        """How much more money would have left the shop (negative: less)."""
        return self.after.refunded - self.before.refunded


class RuleCount(msgspec.Struct):
    """On how many lines of orders a rule of the new policy fits, and on how many that came back."""

    key: str
    name: str
    lines: int = 0
    returns: int = 0


class Returns(msgspec.Struct):
    """The last returns, judged again at the moment at which they were asked for."""

    returns: int = 0
    lines: int = 0
    accepted: Compared = msgspec.field(default_factory=Compared)
    money: dict[str, Money] = msgspec.field(default_factory=dict)


class Report(msgspec.Struct):
    """The whole of it.

    at_delivery: lines that may come back on the day of their delivery; today: that may come back now. exchange_only:
    for no money. longer, shorter: lines whose window differs. not_sent: lines that nothing can be said about yet.
    """

    days: int
    orders: int = 0
    lines: int = 0
    not_sent: int = 0
    at_delivery: Compared = msgspec.field(default_factory=Compared)
    today: Compared = msgspec.field(default_factory=Compared)
    exchange_only: Compared = msgspec.field(default_factory=Compared)
    longer_window: int = 0
    shorter_window: int = 0
    rules: list[RuleCount] = msgspec.field(default_factory=list)
    returns: Returns = msgspec.field(default_factory=Returns)

    def shown(self) -> dict[str, Any]:
        """As JSON shows it: amounts as texts, with the differences."""
        kept: dict[str, Any] = msgspec.to_builtins(self)
        for currency, money in self.returns.money.items():
            kept["returns"]["money"][currency]["difference"] = str(money.difference)
        return kept
