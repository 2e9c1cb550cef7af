"""What a marketing tool is handed of a message: whom it is for, what it says, and what it is about."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.decode import encode
from notifications import context
from notifications.lawful import message_topic
from notifications.models import Message
from orders.models import Customer, Order
from orders.text import normal_phone

TYPE: Final = "message"
TEST_TYPE: Final = "message.test"
# What only our own design needs, and what stands elsewhere in what is handed over.
_LEFT_OUT: Final = frozenset(
    {
        "brand", "customer", "email", "line_items", "locale", "may_offer", "name", "order_number",
        "order_status_url", "shop",
    }
)  # fmt: skip


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom it is for. phone: E.164, only of an order whose buyer agreed to text messages."""

    email: str
    first_name: str = ""
    last_name: str = ""
    phone: str = ""


class Total(msgspec.Struct, frozen=True):
    """What the order came to, in whole units of its currency (ISO 4217)."""

    amount: Decimal
    currency: str


class Content(msgspec.Struct, frozen=True):
    """What the mail would say, filled in: its subject, its plain text, its HTML."""

    subject: str
    text: str
    html: str


class Handed(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message. topic: what it is about, as shoppers choose it; "" for what belongs to an order.

    event: the type of the fact that set it off; "" for what a clock did. basis: what lets it be sent, where the class
    asks for that. properties: what templates see of order, parcel, return … (docs/touchpoints.md), written for people.
    """

    id: str
    touchpoint: str
    message_class: str
    locale: str
    recipient: Person
    content: Content
    properties: dict[str, Any]
    topic: str = ""
    event: str = ""
    basis: str = ""
    order_id: str | None = None
    shipment_id: str | None = None
    customer_id: str | None = None
    total: Total | None = None


class Body(msgspec.Struct, frozen=True):
    """What a webhook is posted, in the form of Standard Webhooks."""

    type: str
    timestamp: datetime
    data: Handed


def handed(merchant: Merchant, message: Message) -> Handed:
    """A message that is rendered and has been decided on, as the open scope knows it now: about ten queries.

    Its words are those of the log; what it is about is read anew, so a repeat may tell a later state of the parcel.
    """
    loaded = context.load(merchant, [message])
    about = loaded.about(message)
    assert about is not None
    shown = context.context_of(message, loaded)
    return Handed(
        id=public_id("msg", message.pk),
        touchpoint=message.touchpoint,
        message_class=message.message_class,
        locale=message.locale,
        recipient=_person(message, about),
        content=Content(message.subject, message.text, message.html),
        properties={name: value for name, value in shown.items() if name not in _LEFT_OUT and value},
        topic=message_topic(message),
        event=message.fact_type,
        basis=str(message.plan.get("basis", {}).get("basis", "")),
        order_id=public_id("ord", message.order_id) if message.order_id else None,
        shipment_id=public_id("shp", message.shipment_id) if message.shipment_id else None,
        customer_id=public_id("cus", message.customer_id) if message.customer_id else None,
        total=Total(about.total, about.currency) if isinstance(about, Order) else None,
    )


def example(message_id: str, email: str, locale: str, subject: str, text: str) -> Handed:
    """What a test is: a message about nothing."""
    return Handed(
        id=message_id, touchpoint="test", message_class="transactional", locale=locale, recipient=Person(email),
        content=Content(subject, text, ""), properties={"note": "A test. Nothing has happened."},
    )  # fmt: skip


def body(type_: str, at: datetime, message: Handed) -> bytes:
    """The body of a webhook."""
    return encode(Body(type_, at, message))


def _person(message: Message, about: Order | Customer) -> Person:
    agreed = isinstance(about, Order) and about.sms_consent
    return Person(
        message.recipient, about.first_name, about.last_name, normal_phone(about.phone) if agreed else ""
    )
