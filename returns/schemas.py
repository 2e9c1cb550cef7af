"""What returns look like on their way into the API."""

from typing import Annotated, Literal

from msgspec import Meta

from orders.schemas import Amount, In

Text = Annotated[str, Meta(max_length=4000)]
Id = Annotated[str, Meta(max_length=40)]
Quantity = Annotated[int, Meta(ge=1, le=10_000)]
Count = Annotated[int, Meta(ge=0, le=10_000)]


class ReturnLineIn(In):
    """One item that comes back: `line` is what your shop calls the order line, `part` a component of a bundle.

    condition: as the shopper says: unopened, opened, used or damaged. exchange_variant: your name of the wanted one.
    """

    line: Annotated[str, Meta(min_length=1, max_length=191)]
    quantity: Quantity = 1
    part: Annotated[str, Meta(max_length=191)] = ""
    reason: Annotated[str, Meta(max_length=60)] = ""
    condition: Annotated[str, Meta(max_length=12)] = ""
    note: Annotated[str, Meta(max_length=1000)] = ""
    resolution: Annotated[str, Meta(max_length=20)] = "refund"
    exchange_variant: Annotated[str, Meta(max_length=191)] = ""


class ReturnIn(In):
    """A return of an order (`order_id`: ours, `order_external_id`: yours). Without `lines`: all that is left of it.

    by: `shopper` holds it to the shop's rules; `team` approves it at once, whatever they say. gift: by who got it as a
    present; what it is worth is credit for `gift_email`. kind: `warranty` for something broken.
    """

    order_id: Id = ""
    order_external_id: Annotated[str, Meta(max_length=191)] = ""
    lines: Annotated[list[ReturnLineIn], Meta(max_length=1000)] = []
    resolution: Annotated[str, Meta(max_length=20)] = "refund"
    by: Literal["shopper", "team"] = "shopper"
    kind: Literal["return", "warranty"] = "return"
    method: Annotated[str, Meta(max_length=8)] = ""
    gift: bool = False
    gift_email: Annotated[str, Meta(max_length=254)] = ""
    note: Text = ""


class NothingIn(In):
    """Nothing has to be said."""


class TextIn(In):
    """What is said to the shopper, or noted."""

    text: Text = ""


class ApprovedLineIn(In):
    """How many of a line of the return (`rln_…`) may come."""

    return_line_id: Id
    quantity: Count


class ApproveIn(In):
    """Without `lines` all of it is approved; with them, so many of each, and nothing of the others."""

    lines: Annotated[list[ApprovedLineIn], Meta(max_length=1000)] | None = None
    text: Text = ""


class CancelReturnIn(In):
    """by: who takes it back."""

    by: Literal["shopper", "team"] = "team"
    text: Text = ""


class ExtendIn(In):
    """So many days from now to send it."""

    days: Annotated[int, Meta(ge=1, le=365)]


class ReceivedLineIn(In):
    """How many of a line of the return came now; more than was announced is an extra item."""

    return_line_id: Id
    quantity: Count


class ReceiveIn(In):
    """Without `lines` everything that was announced came."""

    lines: Annotated[list[ReceivedLineIn], Meta(max_length=1000)] | None = None
    text: Text = ""


class InspectedLineIn(In):
    """accepted: how many of it are as they should be (they are settled). Conditions `wrong` and `missing`: none is."""

    return_line_id: Id
    accepted: Count
    condition: Literal["good", "opened", "used", "damaged", "defective", "wrong", "missing"] = "good"
    grade: Annotated[str, Meta(max_length=2)] = ""
    disposition: Literal["", "restock", "refurbish", "donate", "destroy", "send_back", "quarantine"] = (
        "restock"
    )
    text: Text = ""


class InspectIn(In):
    """What was found, item by item."""

    lines: Annotated[list[InspectedLineIn], Meta(min_length=1, max_length=1000)]
    text: Text = ""


class ParcelIn(In):
    """The parcel that it comes in. Without `carrier` it is found by the number."""

    tracking_number: Annotated[str, Meta(min_length=1, max_length=100)]
    carrier: Annotated[str, Meta(max_length=40)] = ""


class LinkIn(In):
    """Where the shopper pays the difference."""

    url: Annotated[str, Meta(min_length=1, max_length=1000)]


class ReferenceIn(In):
    """What your shop calls the payment or the hold."""

    reference: Annotated[str, Meta(max_length=191)] = ""


class OrderedIn(In):
    """The order that was made of an exchange: ours or yours."""

    order_id: Id = ""
    order_external_id: Annotated[str, Meta(max_length=191)] = ""


class PartIn(In):
    """A component of a bundle. weight: what one costs alone; it decides its share of the bundle's price."""

    external_id: Annotated[str, Meta(min_length=1, max_length=191)]
    title: Annotated[str, Meta(min_length=1, max_length=500)]
    weight: Amount
    sku: Annotated[str, Meta(max_length=191)] = ""
    quantity: Quantity = 1


class PartsIn(In):
    """What a bundle is made of, before anything of it is returned."""

    line: Annotated[str, Meta(min_length=1, max_length=191)]
    parts: Annotated[list[PartIn], Meta(min_length=1, max_length=50)]
