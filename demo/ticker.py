"""What is going on, one line each, for whoever watches the demo: read from the log as everything else."""

from collections.abc import Sequence
from uuid import UUID

from demo.console import Console
from events.facts import RecordedFact
from events.models import Fact
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.facts import MessageFact
from notifications.models import Message
from notifications.reasons import sentence
from orders.facts import OrderCancelled, OrderPlaced
from orders.models import Order

# More than so many lines at once nobody reads.
_MOST = 8
_SIGNS = {
    "order.placed": ("+", "cyan"), "order.cancelled": ("-", "yellow"), "message.sent": ("✉", "green"),
    "message.failed": ("!", "red"), "message.skipped": ("·", "dim"),
}  # fmt: skip


class Ticker:
    """Remembers how far it has read."""

    def __init__(self, merchant: Merchant, console: Console) -> None:
        self._merchant, self._console = merchant, console
        with merchant_scope(merchant):
            last = (
                Fact.objects.filter(shard=merchant.shard)
                .order_by("-position")
                .values_list("position", flat=True)
            )
            self._position = last.first() or 0

    def tick(self) -> None:
        """Say what has happened since the last time."""
        with merchant_scope(self._merchant):
            rows = list(
                Fact.objects.filter(
                    shard=self._merchant.shard, position__gt=self._position, type__in=_SIGNS
                ).order_by("position")[:500]
            )
            if not rows:
                return
            self._position = rows[-1].position
            shown = rows[-_MOST:]
            lines = self._lines(shown)
        if len(rows) > len(shown):
            self._console.say(self._console.paint(f"           … and {len(rows) - len(shown)} more", "dim"))
        for line in lines:
            self._console.say(line)

    def _lines(self, rows: Sequence[Fact]) -> list[str]:
        numbers = dict(
            Order.objects.filter(pk__in={row.order_id for row in rows}).values_list("pk", "number")
        )
        ids = [UUID(row.data["message_id"]) for row in rows if "message_id" in row.data]
        messages = Message.objects.filter(pk__in=ids).defer("html", "text").in_bulk()
        return [self._line(row, numbers, messages) for row in rows]

    def _line(self, row: Fact, numbers: dict[UUID, str], messages: dict[UUID, Message]) -> str:
        sign, color = _SIGNS[row.type]
        number = numbers.get(row.order_id, "") if row.order_id else ""
        return (
            f"  {row.recorded_at.astimezone():%H:%M:%S} {self._console.paint(sign, color)} {number:<8}"
            f" {_text(row, messages)}"
        )


def _text(row: Fact, messages: dict[UUID, Message]) -> str:
    payload = RecordedFact(
        position=row.position, type=row.type, merchant_id=row.merchant_id, order_id=row.order_id, data=row.data,
        recorded_at=row.recorded_at,
    ).payload()  # fmt: skip
    if isinstance(payload, OrderPlaced):
        return f"new order, {payload.total:.2f} {payload.currency}"
    if isinstance(payload, OrderCancelled):
        return "order cancelled"
    assert isinstance(payload, MessageFact)
    message = messages.get(payload.message_id)
    if message is None:
        return payload.touchpoint
    if row.type == "message.sent":
        return f"{message.subject}  → {message.recipient}"
    return f"{message.touchpoint} not sent: {sentence(message.reason)}"
