"""How often, and how much, shoppers may write."""

from django.http import HttpRequest

from merchants.client_ip import client_ip, network_of
from merchants.throttle import hit
from portal import errors
from portal.loading import OrderRow
from portal.problem_form import LARGEST_BODY
from portal.site import Site

WRITES = 20  # an hour, for one order
WRITES_OF_A_CLIENT = 60  # an hour
_HOUR = 3600


def count_write(request: HttpRequest, site: Site, order: OrderRow) -> None:
    """Count something that a shopper changes, before its body is read. Raises TooMany and TooLarge."""
    client = network_of(client_ip(request))
    waits = (
        hit("portal-write", site.merchant.pk, order.id, limit=WRITES, window=_HOUR),
        hit("portal-write-client", site.merchant.pk, client, limit=WRITES_OF_A_CLIENT, window=_HOUR),
    )
    if any(waits):
        raise errors.TooMany(max(waits))
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > LARGEST_BODY:
        raise errors.TooLarge
