"""The tracking page with looks that are not saved yet, for the dashboard's brand page. Its order is made up."""

from copy import copy
from datetime import timedelta
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from merchants.brand import read_preview
from merchants.ids import NOBODY, uuid7
from portal import errors
from portal.loading import ContentRow, LineRow, OrderRow, ParcelRow, ScanRow
from portal.pages import POLICY, portal_page, render
from portal.parcel_page import parcel_context
from portal.site import Site

_TOKEN = "preview"  # noqa: S105  # it opens nothing
_FRAMED = {**POLICY, "frame-ancestors": ["'self'"]}


@portal_page("GET")
def preview(request: HttpRequest, site: Site, look: str) -> HttpResponse:
    """`look` is signed by the dashboard (`merchants.brand.preview_token`); anything else is not found."""
    wanted = read_preview(site.merchant, look)
    if wanted is None:
        raise errors.NotFound
    site.merchant = copy(site.merchant)
    site.merchant.brand_color, site.merchant.corner_radius, scheme = wanted
    order = sample_order(site)
    context = parcel_context(site, order, _TOKEN, order.parcels[0])
    response = render(request, site, "portal/track.html", context, scheme=scheme)
    response._csp_config = _FRAMED  # type: ignore[attr-defined]
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Cache-Control"] = "private, no-store"
    return response


def sample_order(site: Site) -> OrderRow:
    """An order of one parcel on its way, as if the merchant's."""
    now = timezone.now()
    line = LineRow(
        uuid7(), gettext("Wool sweater"), gettext("Petrol / M"), 1, 1, Decimal(89), "", requires_shipping=True
    )
    total = Decimal("93.90")
    return OrderRow(
        id=NOBODY, number="#1042", is_cancelled=False, placed_at=now - timedelta(days=2), locale="", city="München",
        region="", postcode="80331", country="DE", currency=site.merchant.currency, subtotal=Decimal(89),
        shipping=Decimal("4.90"), tax=Decimal(0), discount=Decimal(0), total=total, promised_from=None,
        promised_to=None, expires_at=now + timedelta(days=1),
        lines=[line], parcels=[_sample_parcel(line)], cases=[],
    )  # fmt: skip


def _sample_parcel(line: LineRow) -> ParcelRow:
    now = timezone.now()
    way = [
        ("in_transit", "transit.arrival", "Frankfurt am Main", 3),
        ("in_transit", "transit.departure", "Hannover", 11),
        ("in_transit", "transit.picked_up", "Hamburg", 20),
        ("info_received", "info.label_created", "", 26),
    ]
    scans = [
        ScanRow(now - timedelta(hours=hours), status, what, "", city, "", "DE" if city else "")
        for status, what, city, hours in way
    ]
    return ParcelRow(
        id=NOBODY, number=1, carrier="dhl", carrier_name="DHL", tracking_number="00340434161094021501",
        tracking_url="", status="in_transit", substatus="transit.arrival", status_at=scans[0].at,
        shipped_at=scans[-2].at, delivered_at=None, out_for_delivery_at=None, eta_from=now + timedelta(days=1),
        eta_to=now + timedelta(days=2), eta_source="rule", promised_from=None, promised_to=None, signed_by="",
        pickup_place="", pickup_until=None, pickup=None, proof=None, wish=None,
        contents=[ContentRow(line.id, 1)], scans=scans,
    )  # fmt: skip
