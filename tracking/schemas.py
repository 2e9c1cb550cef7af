"""What a shipment and a scan look like on their way in and out of the API."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from orders.schemas import Country, In, Url
from tracking.statuses import Status


class ShipmentLineIn(In):
    """A quantity of an order line; the line is named by what your shop calls it."""

    line: Annotated[str, Meta(min_length=1, max_length=191, description="The order line's external_id.")]
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)]


class WindowIn(In):
    """When it will be there."""

    earliest: datetime
    latest: datetime


class ShipmentIn(In):
    """A parcel. Sent again with the same order and `external_id` it updates the parcel.

    The order is named by `order_id` (ours) or `order_external_id` (yours). Without `lines` the parcel holds
    everything that was not shipped yet. `shipped_at` left out: handed over now; null: not yet.
    """

    order_id: Annotated[str, Meta(max_length=40)] = ""
    order_external_id: Annotated[str, Meta(max_length=191)] = ""
    external_id: Annotated[str, Meta(max_length=191, description="Default: the tracking number.")] = ""
    carrier: Annotated[
        str, Meta(max_length=120, description="dhl, ups, sandbox … or as your shop calls it.")
    ] = ""
    tracking_number: Annotated[str, Meta(max_length=100)] = ""
    tracking_url: Url = ""
    service: Annotated[str, Meta(max_length=120)] = ""
    lines: Annotated[list[ShipmentLineIn], Meta(max_length=1000)] = []
    shipped_at: datetime | UnsetType | None = UNSET
    delivery: WindowIn | None = None
    notify: Annotated[bool, Meta(description="False for history: no message is sent about it.")] = True


class CarrierIn(In):
    """The carrier of a shipment, set by hand."""

    carrier: Annotated[str, Meta(min_length=1, max_length=120, description="dhl, ups … or its name.")]


class CandidateOut(msgspec.Struct, kw_only=True):
    """A carrier that a number may belong to."""

    carrier: str
    name: str
    format: str
    reason: str
    confidence: Annotated[float, Meta(description="Between 0 and 1.")]
    checksum: Annotated[
        bool, Meta(description="The number has a check digit of this format, and it is right.")
    ]


class ScanIn(In):
    """One thing that happened to a parcel, named by `shipment_id` or by its tracking number."""

    status: Status
    occurred_at: datetime
    shipment_id: Annotated[str, Meta(max_length=40)] = ""
    carrier: Annotated[str, Meta(max_length=120)] = ""
    tracking_number: Annotated[str, Meta(max_length=100)] = ""
    substatus: Annotated[str, Meta(max_length=40, description="transit.departure, exception.address …")] = ""
    external_id: Annotated[
        str, Meta(max_length=191, description="Your id: a second scan with it is dropped.")
    ] = ""
    raw_code: Annotated[str, Meta(max_length=120)] = ""
    description: Annotated[str, Meta(max_length=500)] = ""
    city: Annotated[str, Meta(max_length=120)] = ""
    region: Annotated[str, Meta(max_length=120)] = ""
    postcode: Annotated[str, Meta(max_length=20)] = ""
    country: Country | None = None


class ScansIn(In):
    """One scan, or up to 1,000 in `scans`: all of them are stored or none."""

    scans: Annotated[list[ScanIn], Meta(min_length=1, max_length=1000)]


class ScanOut(msgspec.Struct, kw_only=True):
    """A scan as we hold it."""

    id: str
    shipment_id: str
    occurred_at: datetime
    status: str
    substatus: str
    raw_code: str
    description: str
    city: str
    region: str
    postcode: str
    country: str
    source: str
    received_at: datetime


class DetectedOut(msgspec.Struct, kw_only=True):
    """A shipment after its carrier was looked for, and the carriers that its number may belong to, likeliest first."""

    shipment: "ShipmentOut"
    carriers: list[CandidateOut]


class ScansOut(msgspec.Struct, kw_only=True):
    """What became of pushed scans: how many were new, and how many were known already."""

    recorded: int
    duplicates: int


class ShipmentLineOut(msgspec.Struct, kw_only=True):
    line: str
    line_id: str
    quantity: int


class EtaOut(msgspec.Struct, kw_only=True, rename={"from_": "from"}):
    """When it will be there, who says so, and what our own model says beside.

    source: carrier, model, shop or rule. confidence: the share of parcels that come in such a window; 1 where the
    carrier says so, null where nobody measured. p10, p50, p90: by then one, five, nine in ten such parcels are there
    (null without a model).
    """

    from_: datetime | None
    to: datetime | None
    source: str
    confidence: float | None
    p10: datetime | None
    p50: datetime | None
    p90: datetime | None


class WishOut(msgspec.Struct, kw_only=True):
    """What the shopper wishes. kind: safe_place, neighbour, pickup_point (each with `place`) or other_day (`day`)."""

    kind: str
    place: str
    day: date | None


class HandedOverOut(msgspec.Struct, kw_only=True):
    """The carrier that brings it the last mile ("" when only its number is known), and its number there."""

    carrier: str
    tracking_number: str


class ShipmentOut(msgspec.Struct, kw_only=True):
    """A parcel as we hold it. `scans` are listed newest first on the single shipment only."""

    id: str
    external_id: str
    order_id: str
    number: int
    carrier: str
    carrier_name: str
    carrier_source: Annotated[
        str, Meta(description="Empty: your shop said so. `detected` by the number, `chosen` by hand.")
    ]
    tracking_number: str
    tracking_url: str
    service: str
    status: str
    substatus: str
    status_at: datetime | None
    shipped_at: datetime | None
    out_for_delivery_at: datetime | None
    delivered_at: datetime | None
    failed_attempts: int
    eta_from: datetime | None
    eta_to: datetime | None
    eta_source: str
    eta: EtaOut | None
    promised_from: datetime | None
    promised_to: datetime | None
    signed_by: str
    pickup_place: str
    pickup_until: datetime | None
    weight_grams: int | None
    handed_over_to: HandedOverOut | None
    wish: WishOut | None
    polled_at: datetime | None
    poll_error: str
    lines: list[ShipmentLineOut]
    scans: list[ScanOut] | UnsetType = UNSET
    created_at: datetime
    updated_at: datetime
