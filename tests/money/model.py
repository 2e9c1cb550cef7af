"""What the money of one order ought to be, in plain arithmetic: the model that random histories are held to."""

from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)


@dataclass
class Asked:
    """A refund that was asked for."""

    key: str
    amount: Decimal
    fee: Decimal
    state: str = "requested"
    reference: str = ""
    reported: bool = False


@dataclass
class Model:
    """An order of `paid`, and its customer's credit. Every step says whether it is accepted."""

    paid: Decimal
    asked: dict[str, Asked] = field(default_factory=dict)  # by key, in order
    shops: dict[str, Decimal] = field(default_factory=dict)  # refunds that the shop made by itself
    from_order: dict[str, Decimal] = field(default_factory=dict)  # credit out of the order, by key
    wallet: Decimal = ZERO
    spent: dict[str, Decimal] = field(default_factory=dict)
    covered: Decimal = ZERO  # of the shop's refunds, what was there for them
    reported: set[str] = field(default_factory=set)  # what the shop told of by itself, by name

    def sums(self, state: str) -> tuple[Decimal, Decimal]:
        """Amounts and fees of refunds in a state."""
        rows = [row for row in self.asked.values() if row.state == state]
        return sum((r.amount for r in rows), ZERO), sum((r.fee for r in rows), ZERO)

    @property
    def left(self) -> Decimal:
        pending, done = sum(self.sums("requested")), sum(self.sums("completed"))
        return self.paid - pending - done - sum(self.from_order.values()) - self.covered

    def settle(self) -> None:
        """What is free covers what the shop gave back above what was there."""
        self.covered += min(self.left, sum(self.shops.values(), ZERO) - self.covered)

    def ask(self, key: str, amount: Decimal, fee: Decimal) -> bool:
        if known := self.asked.get(key):
            return (known.amount, known.fee) == (amount, fee)
        if amount + fee > self.left:
            return False
        self.asked[key] = Asked(key, amount, fee)
        return True

    def confirm(self, key: str, reference: str) -> bool:
        row = self.asked[key]
        if row.state == "requested":
            if reference and (
                reference in self.shops or any(r.reference == reference for r in self.asked.values())
            ):
                return False  # the shop's refund of this name is counted by itself
            row.state, row.reference = "completed", reference
        return row.state == "completed"

    def fail(self, key: str) -> bool:
        row = self.asked[key]
        if row.state == "requested":
            row.state = "failed"
            self.settle()
        return row.state == "failed"

    def report(self, name: str, amount: Decimal) -> bool:
        if name in self.reported:
            return True
        self.reported.add(name)
        open_ = [row for row in self.asked.values() if not row.reported]
        same = [row for row in open_ if row.amount == amount and not row.reference]
        for row in (
            *(row for row in open_ if row.state == "completed" and row.reference == name),
            *(row for row in same if row.state == "completed"),
            *(row for row in same if row.state == "requested"),
        ):
            row.state, row.reference, row.reported = "completed", row.reference or name, True
            return True
        self.shops[name] = amount
        self.covered += min(self.left, amount)
        return True

    def give(self, key: str, amount: Decimal, bonus: Decimal) -> bool:
        if key in self.from_order:
            return self.from_order[key] == amount
        if amount > self.left:
            return False
        self.from_order[key] = amount
        self.wallet += amount + bonus
        return True

    def spend(self, key: str, amount: Decimal) -> bool:
        if key in self.spent:
            return self.spent[key] == amount
        if amount > self.wallet:
            return False
        self.spent[key] = amount
        self.wallet -= amount
        return True

    def stands(self) -> tuple[Decimal, ...]:
        """paid, refunded, pending, refundable, fees, over: as `money_of` says it."""
        pending, (done, fees) = sum(self.sums("requested"), ZERO), self.sums("completed")
        shops = sum(self.shops.values(), ZERO)
        refunded = done + shops + sum(self.from_order.values(), ZERO)
        return self.paid, refunded, pending, self.left, fees, shops - self.covered
