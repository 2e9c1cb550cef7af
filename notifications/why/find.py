"""What a person means by the name of a message or an order."""

from merchants.ids import parse_public_id
from notifications.models import Message
from orders.models import Order
from orders.text import normal_number


class NotFoundHere(LookupError):
    """Nothing of the open scope goes by this name."""


def message_or_order(name: str) -> Message | Order:
    """A message (`msg_…`), or an order by its id (`ord_…`), the shop's id of it, or its number. Raises NotFoundHere.

    Of several orders with one number it is the newest.
    """
    if message_id := parse_public_id("msg", name):
        message = Message.objects.filter(pk=message_id).first()
        if message is not None:
            return message
    orders = Order.objects.defer("raw", "search")
    if order_id := parse_public_id("ord", name):
        order = orders.filter(pk=order_id).first()
    else:
        order = orders.filter(external_id=name).first()
        if order is None and (number := normal_number(name)):
            order = orders.filter(lookup_number=number).order_by("-placed_at").first()
    if order is None:
        raise NotFoundHere(f"There is no message and no order {name!r}.")
    return order
