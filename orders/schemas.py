"""What an order looks like on its way in and out of the API: one definition for decoding and for the reference."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

ExternalId = Annotated[str, Meta(min_length=1, max_length=191, description="What your shop calls it.")]
ShortText = Annotated[str, Meta(max_length=120)]
# Python's `$` also matches before a line break at the end; JSON Schema's does not. Hence `(?!\n)`.
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217: EUR.")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166-1 alpha-2: DE.")]
Locale = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$(?!\n)", max_length=35, description="de, en-GB."),
]
Url = Annotated[
    str,
    Meta(pattern=r"^(https?://[^\s/]\S*)?$(?!\n)", max_length=1000, description="An http or https address."),
]
Amount = Annotated[Decimal, Meta(description='A decimal, best sent as a string: "89.00".')]
Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]


class In(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Base of what comes in: an unknown field is an error, not a surprise later. A tree: it needs no collector."""


class CustomerIn(In):
    """Who ordered. Without `email` and `external_id` the order has no customer."""

    external_id: Annotated[str, Meta(max_length=191)] = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    phone: Annotated[str, Meta(max_length=40)] = ""
    first_name: ShortText = ""
    last_name: ShortText = ""
    locale: Locale | None = None
    sms_consent: Annotated[bool, Meta(description="May be sent text messages about this order.")] = False


class AddressIn(In):
    """Where it goes. Only the city is ever shown without proof of who asks."""

    name: Annotated[str, Meta(max_length=250)] = ""
    company: Annotated[str, Meta(max_length=250)] = ""
    address1: Annotated[str, Meta(max_length=250)] = ""
    address2: Annotated[str, Meta(max_length=250)] = ""
    city: ShortText = ""
    region: ShortText = ""
    postcode: Annotated[str, Meta(max_length=20)] = ""
    country: Country | None = None


class LineIn(In):
    """One product. `external_id` defaults to the line's place in the list, from 1."""

    title: Annotated[str, Meta(min_length=1, max_length=500)]
    quantity: Quantity
    unit_price: Amount
    external_id: Annotated[str, Meta(max_length=191)] = ""
    sku: Annotated[str, Meta(max_length=191)] = ""
    variant: Annotated[str, Meta(max_length=300)] = ""
    image_url: Url = ""
    requires_shipping: bool = True


class PromiseIn(In):
    """The delivery dates that the shopper was promised when buying."""

    earliest: date
    latest: date


class OrderIn(In):
    """An order. Sent again with the same `external_id` it updates the order."""

    external_id: ExternalId
    currency: Currency
    lines: Annotated[list[LineIn], Meta(min_length=1, max_length=1000)]
    number: Annotated[
        str, Meta(max_length=64, description="What people read: #1042. Default: external_id.")
    ] = ""
    placed_at: datetime | None = None
    customer: CustomerIn = msgspec.field(default_factory=CustomerIn)
    shipping_address: AddressIn = msgspec.field(default_factory=AddressIn)
    subtotal: Amount | None = None
    shipping: Amount = Decimal(0)
    tax: Amount = Decimal(0)
    discount: Amount = Decimal(0)
    total: Amount | None = None
    delivery: PromiseIn | None = None
    notify: Annotated[bool, Meta(description="False for history: no message is sent about it.")] = True


class CancelIn(In):
    """`cancelled_at` defaults to now."""

    cancelled_at: datetime | None = None


class VariantIn(In):
    """One form of a product that can be bought. `external_id` is unique over the whole shop."""

    external_id: ExternalId
    price: Amount
    sku: Annotated[str, Meta(max_length=191)] = ""
    title: Annotated[str, Meta(max_length=300)] = ""
    currency: Annotated[Currency | None, Meta(description="Default: the merchant's.")] = None
    inventory_quantity: Annotated[int, Meta(ge=-2_000_000_000, le=2_000_000_000)] | None = None
    image_url: Url = ""


class ProductIn(In):
    """A product. Sent again with the same `external_id` it updates the product.

    `variants` left out leaves the known ones as they are; given, it is all of them.
    """

    external_id: ExternalId
    title: Annotated[str, Meta(min_length=1, max_length=500)]
    handle: Annotated[str, Meta(max_length=255)] = ""
    url: Url = ""
    image_url: Url = ""
    product_type: Annotated[str, Meta(max_length=255)] = ""
    tags: Annotated[list[Annotated[str, Meta(max_length=255)]], Meta(max_length=250)] = []
    status: Literal["active", "draft", "archived"] = "active"
    variants: Annotated[list[VariantIn], Meta(max_length=2048)] | None = None


class CustomerPatch(In):
    """What a shop knows of a customer beyond orders. What is left out stays; `tags` are all of them."""

    birthday: date | msgspec.UnsetType | None = msgspec.UNSET
    tags: Annotated[list[Annotated[str, Meta(min_length=1, max_length=40)]], Meta(max_length=50)] | None = (
        None
    )


class LineOut(msgspec.Struct, kw_only=True):
    id: str
    external_id: str
    sku: str
    title: str
    variant: str
    quantity: int
    shipped_quantity: int
    unit_price: Decimal
    image_url: str
    requires_shipping: bool


class CustomerOut(msgspec.Struct, kw_only=True):
    """A customer."""

    id: str
    external_id: str
    email: str
    phone: str
    first_name: str
    last_name: str
    locale: str
    birthday: date | None
    tags: list[str]
    created_at: datetime
    updated_at: datetime


class AddressOut(msgspec.Struct, kw_only=True):
    name: str = ""
    company: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""


class OrderOut(msgspec.Struct, kw_only=True):
    """An order as we hold it. `portal_url` is the shopper's page."""

    id: str
    external_id: str
    number: str
    status: str
    stage: str
    placed_at: datetime
    cancelled_at: datetime | None
    customer_id: str | None
    email: str
    phone: str
    first_name: str
    last_name: str
    locale: str
    shipping_address: AddressOut
    currency: str
    subtotal: Decimal
    shipping: Decimal
    tax: Decimal
    discount: Decimal
    total: Decimal
    refunded: Decimal
    promised_from: date | None
    promised_to: date | None
    portal_url: str
    lines: list[LineOut]
    created_at: datetime
    updated_at: datetime


class VariantOut(msgspec.Struct, kw_only=True):
    """One form of a product. `inventory_quantity` is null when the shop does not count it."""

    id: str
    external_id: str
    sku: str
    title: str
    price: Decimal
    currency: str
    inventory_quantity: int | None
    image_url: str


class ProductOut(msgspec.Struct, kw_only=True):
    """A product as we hold it."""

    id: str
    external_id: str
    title: str
    handle: str
    url: str
    image_url: str
    product_type: str
    tags: list[str]
    status: str
    source: str
    variants: list[VariantOut]
    created_at: datetime
    updated_at: datetime
