"""What a message would say if it were sent now. Nothing is stored."""

from uuid import UUID

from merchants.models import Merchant
from notifications import context, planning, wording
from notifications.models import Channel
from notifications.recheck import why_not
from notifications.rendering import Rendered, TemplateError
from notifications.touchpoints import TOUCHPOINTS
from orders.models import Order


def preview_about(
    merchant: Merchant, order_id: UUID, shipment_id: UUID | None, touchpoint: str
) -> Rendered | None:
    """The e-mail about an order or one of its parcels, in the shopper's language; None when it would not be sent.

    Needs the merchant's scope; ten queries.
    """
    order = Order.objects.defer("raw", "search").get(pk=order_id)
    message = planning.plan(
        merchant, order, TOUCHPOINTS[touchpoint], Channel.EMAIL, moment="preview", shipment_id=shipment_id
    )
    loaded = context.load(merchant, [message])
    if why_not(message, loaded) is not None:
        return None
    try:
        rendered, _ = wording.fill(message, loaded.templates, context.context_of(message, loaded))
    except TemplateError:
        return None
    return rendered
