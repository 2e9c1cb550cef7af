"""REST: what a shop does with a return and its exchange. Each address is one verb of `returns.commands`."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from merchants.ids import NOBODY, parse_public_id
from merchants.models import Merchant
from merchants.rest.decode import decode
from merchants.rest.views import ApiView
from returns import commands, exchange_commands, schemas
from returns.api import named_order, shown_return
from returns.parcels import set_parcel
from returns.queries import named_return
from returns.receiving import InspectedLine, ReceivedLine
from returns.retrying import pay_again
from returns.shown import ReturnOut
from returns.states import Side

Work = Callable[[Merchant, UUID, Any], Any]


def _action(name: str, words: str, kind: type, work: Work) -> type[ApiView]:
    """A view of `POST /returns/{id}/<name>` that reads a `kind`, does the work and shows the return."""
    operation = "returns_" + name.replace("/", "_").replace("-", "_")

    class Action(ApiView):
        scopes = {"POST": "returns:write"}

        @extend_schema(operation_id=operation, description=words, request=kind, responses={200: ReturnOut})
        def post(self, request: HttpRequest, return_id: str) -> HttpResponse:
            return self.once(f"POST /returns/{return_id}/{name}", lambda: self._do(return_id))

        def _do(self, return_id: str) -> HttpResponse:
            parsed = named_return(return_id)
            empty = self.request._request.META.get("CONTENT_LENGTH") in (None, "", "0")
            work(self.merchant, parsed, decode(b"{}", kind) if empty else self.body(kind))
            return self.show(shown_return(parsed))

    return Action


def _approve(merchant: Merchant, return_id: UUID, body: schemas.ApproveIn) -> None:
    counts = (
        None if body.lines is None else {_line(line.return_line_id): line.quantity for line in body.lines}
    )
    commands.approve(merchant, return_id, quantities=counts, text=body.text)


def _receive(merchant: Merchant, return_id: UUID, body: schemas.ReceiveIn) -> None:
    lines = None
    if body.lines is not None:
        lines = [ReceivedLine(_line(line.return_line_id), line.quantity) for line in body.lines]
    commands.receive(merchant, return_id, lines, text=body.text)


def _inspect(merchant: Merchant, return_id: UUID, body: schemas.InspectIn) -> None:
    lines = [
        InspectedLine(
            _line(line.return_line_id), line.accepted, line.condition, line.grade, line.disposition, line.text
        )
        for line in body.lines
    ]
    commands.inspect(merchant, return_id, lines, text=body.text)


def _ordered(merchant: Merchant, return_id: UUID, body: schemas.OrderedIn) -> None:
    exchange_commands.mark_ordered(merchant, return_id, named_order(body.order_id, body.order_external_id))


def _line(text: str) -> UUID:
    return parse_public_id("rln", text) or NOBODY


_ACTIONS: tuple[tuple[str, str, type, Work], ...] = (
    ("approve", "Let it come; some of it only, with `lines`. Twice is once.", schemas.ApproveIn, _approve),
    ("reject", "Refuse it, and say why. Its goods can be returned anew.", schemas.TextIn,
     lambda merchant, pk, body: commands.reject(merchant, pk, body.text)),
    ("ask", "Ask the shopper something; the return waits for the answer.", schemas.TextIn,
     lambda merchant, pk, body: commands.ask(merchant, pk, body.text)),
    ("reply", "Pass on what the shopper said.", schemas.TextIn,
     lambda merchant, pk, body: commands.reply(merchant, pk, body.text)),
    ("cancel", "Take it back, as long as nothing was sent or settled.", schemas.CancelReturnIn,
     lambda merchant, pk, body: commands.cancel(merchant, pk, by=body.by, text=body.text)),
    ("extend", "Give the shopper more time to send it.", schemas.ExtendIn,
     lambda merchant, pk, body: commands.extend(merchant, pk, body.days)),
    ("parcel", "Follow the parcel that it comes in: its scans move the return.", schemas.ParcelIn,
     lambda merchant, pk, body: set_parcel(
         merchant, pk, tracking_number=body.tracking_number, carrier=body.carrier, by=Side.TEAM)),
    ("sent", "It is on its way, without a parcel that can be followed.", schemas.NothingIn,
     lambda merchant, pk, _: commands.mark_sent(merchant, pk, by=Side.TEAM)),
    ("receive", "Goods came: all, or so many of each.", schemas.ReceiveIn, _receive),
    ("inspect", "Say what was found, item by item.", schemas.InspectIn, _inspect),
    ("resolve", "End it as it stands: what is ready is settled, the rest is not.", schemas.TextIn,
     lambda merchant, pk, body: commands.resolve(merchant, pk, body.text)),
    ("pay-again", "Ask for money that failed once more. Nothing that went through is asked for again.",
     schemas.NothingIn, lambda merchant, pk, _: pay_again(merchant, pk)),
    ("exchange/payment-link", "Say where the shopper pays the difference.", schemas.LinkIn,
     lambda merchant, pk, body: exchange_commands.set_payment_link(merchant, pk, body.url)),
    ("exchange/paid", "The difference was paid.", schemas.ReferenceIn,
     lambda merchant, pk, body: exchange_commands.mark_paid(merchant, pk, reference=body.reference)),
    ("exchange/hold", "The amount is held: the goods can go off at once.", schemas.ReferenceIn,
     lambda merchant, pk, body: exchange_commands.mark_held(merchant, pk, reference=body.reference)),
    ("exchange/hold-refused", "The card took no hold: the exchange waits for the goods.", schemas.NothingIn,
     lambda merchant, pk, _: exchange_commands.refuse_hold(merchant, pk)),
    ("exchange/ordered", "Your shop made this order of the exchange.", schemas.OrderedIn, _ordered),
    ("exchange/sold-out", "It cannot be sent: what comes back is refunded instead.", schemas.NothingIn,
     lambda merchant, pk, _: exchange_commands.mark_sold_out(merchant, pk)),
)  # fmt: skip

# Address under `/returns/{id}/` → view.
ACTIONS: dict[str, Callable[..., Any]] = {
    name: _action(name, words, kind, work).as_view() for name, words, kind, work in _ACTIONS
}
