"""Returns of the demo's shoppers, in every state that the team can meet."""

from collections.abc import Callable, Iterator

from events.drain import drain
from merchants.models import Merchant
from merchants.rest.errors import Problem
from merchants.scope import merchant_scope
from orders.models import Order, OrderLine, Stage
from returns import commands
from returns.models import Return
from returns.parcels import set_parcel
from returns.receiving import InspectedLine
from returns.requesting import RequestedLine, RequestedReturn
from returns.states import Kind, Resolution, Side

# How many of the newest delivered orders are looked through.
_AMONG = 80
Step = Callable[[Merchant, Return], object]


def bring_back(merchant: Merchant) -> int:
    """Let shoppers send things back, and the team be at it. Returns how many returns there are now."""
    made, orders = 0, _delivered(merchant)
    for kind, resolution, reason, note, steps in _STORIES:
        ret = next(
            (
                found
                for order, line in orders
                if (found := _ask(merchant, order, line, kind, resolution, reason, note))
            ),
            None,
        )
        if ret is None:
            break
        for step in steps:
            step(merchant, ret)
        made += 1
    drain(merchant.shard)
    drain(merchant.shard)  # what the readers of the first round recorded
    return made


def _delivered(merchant: Merchant) -> Iterator[tuple[Order, OrderLine]]:
    """Newest delivered orders that no showcase shows, line by line."""
    with merchant_scope(merchant):
        rows = Order.objects.filter(stage=Stage.DELIVERED).exclude(external_id__startswith="show-")
        found = list(rows.prefetch_related("lines").order_by("-placed_at")[:_AMONG])
    return ((order, line) for order in found for line in order.lines.all())


def _ask(
    merchant: Merchant, order: Order, line: OrderLine, kind: str, resolution: str, reason: str, note: str
) -> Return | None:
    """A return by the shop's own rules; None where they do not let this order come back."""
    wanted = RequestedReturn(
        [RequestedLine(line.id, 1, reason, note, resolution=resolution)], kind=kind, method="own"
    )
    try:
        return commands.request_return(merchant, order.id, wanted, by=Side.SHOPPER)
    except Problem:
        return None


def _approve(merchant: Merchant, ret: Return) -> None:
    commands.approve(merchant, ret.id)


def _send(merchant: Merchant, ret: Return) -> None:
    set_parcel(merchant, ret.id, tracking_number=f"SBX-{ret.number}", carrier="sandbox")
    commands.mark_sent(merchant, ret.id)


def _receive(merchant: Merchant, ret: Return) -> None:
    commands.receive(merchant, ret.id)


def _inspect(condition: str, accepted: int, text: str = "") -> Step:
    def step(merchant: Merchant, ret: Return) -> None:
        with merchant_scope(merchant):
            line = ret.lines.get()
        disposition = "restock" if condition == "good" else "refurbish"
        found = InspectedLine(line.id, accepted, condition, "A" if accepted else "C", disposition, text)
        commands.inspect(merchant, ret.id, [found])

    return step


def _team(verb: Callable[..., object], text: str) -> Step:
    return lambda merchant, ret: verb(merchant, ret.id, text)


_STORIES: tuple[tuple[str, str, str, str, tuple[Step, ...]], ...] = (
    (Kind.RETURN, Resolution.REFUND, "too_small", "Fällt leider eine Nummer kleiner aus.", ()),
    (Kind.RETURN, Resolution.STORE_CREDIT, "looks_different", "Die Farbe wirkt am Bildschirm anders.", ()),
    (Kind.WARRANTY, Resolution.REPLACEMENT, "defective", "Nach zwei Wochen ist eine Naht aufgegangen.", ()),
    (Kind.RETURN, Resolution.REFUND, "damaged", "",
     (_team(commands.ask, "Können Sie uns bitte ein Foto der Stelle schicken?"),)),
    (Kind.RETURN, Resolution.REFUND, "too_big", "", (_approve,)),
    (Kind.RETURN, Resolution.REFUND, "changed_mind", "", (_approve, _send)),
    (Kind.RETURN, Resolution.REFUND, "quality", "", (_approve, _send, _receive)),
    (Kind.RETURN, Resolution.STORE_CREDIT, "too_small", "", (_approve, _send, _receive, _inspect("good", 1))),
    (Kind.RETURN, Resolution.REFUND, "defective", "",
     (_approve, _send, _receive, _inspect("damaged", 1, "Gehäuse gesprungen, Ware im Karton lose."))),
    (Kind.RETURN, Resolution.REFUND, "changed_mind", "Getragen, passt aber doch nicht.",
     (_team(commands.reject, "Der Artikel wurde getragen und ist deshalb vom Umtausch ausgeschlossen."),)),
    (Kind.RETURN, Resolution.REFUND, "too_big", "",
     (lambda merchant, ret: commands.cancel(merchant, ret.id, by=Side.SHOPPER),)),
)  # fmt: skip
