"""The order and the parcel that an address names."""

from django.utils import timezone

from portal import errors
from portal.loading import OrderRow, ParcelRow, load_order
from portal.parcel_page import best_parcel
from portal.site import Site


def open_order(site: Site, token: str) -> OrderRow:
    """The order that a link opens. Raises LinkGone."""
    order = load_order(site.merchant, token, timezone.now())
    if order is None:
        raise errors.LinkGone
    return order


def parcel_or_best(order: OrderRow, number: int | None) -> ParcelRow | None:
    """The parcel that is asked for, or the one that matters most. A number that is not there falls back to that one."""
    asked = next((parcel for parcel in order.parcels if parcel.number == number), None)
    return asked or best_parcel(order)


def parcel_or_404(order: OrderRow, number: int | None) -> ParcelRow | None:
    """The parcel that is asked for: what changes something never falls back to another. None: the order has none."""
    if number is None:
        return best_parcel(order)
    asked = next((parcel for parcel in order.parcels if parcel.number == number), None)
    if asked is None:
        raise errors.NotFound
    return asked
