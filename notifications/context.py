"""What a message says: the order, the parcel and the shop as plain data for the templates.

Everything is formatted here, in the shopper's language: templates see text, whole numbers and no objects. The
names are those of `notifications.rendering.samples`.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cases.facts import CaseFact
from events.facts import FactData, RecordedFact
from events.models import Fact
from merchants.brand import brand_hex
from merchants.domains import portal_host
from merchants.models import Merchant
from notifications import pages
from notifications.about_cases import AboutCase, about_cases, case_url, case_words
from notifications.about_claims import AboutClaim, about_claims, claim_url, claim_words
from notifications.about_returns import AboutReturn, about_returns, reader_of
from notifications.about_shop import (
    about_address,
    about_customer,
    absolute,
    format_locale,
    shop,
    shop_links,
)
from notifications.as_planned import AsPlanned, load_as_planned
from notifications.lawful import Lawful, load_lawful
from notifications.models import Channel, Message
from notifications.planning import recipient
from notifications.push.queries import hosts_by_order
from notifications.rendering import CompiledTemplate, date_time, delivery_window, money
from notifications.rendering.catalog import resolve_locale
from notifications.rendering.formats import babel_locale
from notifications.return_words import return_url, return_words
from notifications.suppressions import Suppressed, suppressed
from notifications.switches import Switch, switches
from notifications.touchpoints import TOUCHPOINTS
from notifications.wording import Key, own_templates
from orders.models import Customer, Order
from orders.queries import orders_with_lines, portal_url
from returns.claims.facts import ClaimFact
from tracking import windows
from tracking.carriers.registry import KNOWN, tracking_url
from tracking.eta.expected import expected
from tracking.facts import ShipmentDelayed, ShipmentFact
from tracking.models import Shipment
from tracking.queries import shipments_with_lines
from tracking.statuses import Status

# Mail programs cut long messages off (Gmail at 102 kB): a longer list goes on on the order's page.
MOST_ITEMS = 30
_LONGEST_TITLE = 160

_ARRIVED = ("shipment_delivered", "order_cancelled", "lookup_link")


@dataclass(frozen=True)
class Loaded:
    """What the messages of one merchant need, in a fixed number of queries."""

    merchant: Merchant
    host: str | None
    orders: Mapping[UUID, Order]
    customers: Mapping[UUID, Customer]
    parcels: Mapping[UUID, Sequence[Shipment]]
    facts: Mapping[int, ShipmentFact]
    cases: Mapping[int, AboutCase]
    claims: Mapping[int, AboutClaim]
    returns: Mapping[int, AboutReturn]
    readers: Mapping[UUID, Order]
    templates: Mapping[Key, CompiledTemplate]
    suppressed: Suppressed
    devices: Mapping[UUID, Sequence[str]]  # push services by order
    switches: Mapping[str, Switch]
    as_planned: AsPlanned
    lawful: Lawful

    def order(self, message: Message) -> Order:
        """The order that a message is about, with the address of who reads it.

        KeyError for a message without one: ask `about` first.
        """
        return self.readers.get(message.pk) or self.orders[message.order_id]  # type: ignore[index]

    def about(self, message: Message) -> Order | Customer | None:
        """What a message is about: its order, else its customer. None: that does not exist any more."""
        if message.order_id:
            return self.readers.get(message.pk) or self.orders.get(message.order_id)
        return self.customers.get(message.customer_id) if message.customer_id else None

    def parcel(self, message: Message) -> Shipment | None:
        """The parcel that a message is about, if it is about one."""
        rows = self.parcels.get(message.order_id, ()) if message.order_id else ()
        return next((parcel for parcel in rows if parcel.id == message.shipment_id), None)

    def told(self, message: Message) -> ShipmentFact | None:
        """What the fact behind the message said about the parcel."""
        return self.facts.get(message.fact_position or 0)


def load(merchant: Merchant, messages: Sequence[Message]) -> Loaded:
    """Everything that these messages of the open scope need: ten queries, two more where one is about a case, six
    where one is about a return, one more for text messages, for push, and for messages without an order."""
    order_ids = {message.order_id for message in messages if message.order_id}
    parcels: dict[UUID, list[Shipment]] = {order_id: [] for order_id in order_ids}
    for parcel in shipments_with_lines().filter(order_id__in=order_ids).defer("raw").order_by("number"):
        parcels[parcel.order_id].append(parcel)
    orders = orders_with_lines().defer("raw", "search").in_bulk(order_ids)
    to = {message.customer_id for message in messages if message.customer_id and not message.order_id}
    customers: dict[UUID, Customer] = Customer.objects.in_bulk(to)
    told = _facts(message.fact_position for message in messages)
    returned = about_returns(told)
    readers = _readers(messages, orders, returned)
    # Before the words: people choose the language that they are written to in.
    lawful = load_lawful(merchant, messages, orders, customers, readers)
    return Loaded(
        merchant=merchant,
        host=portal_host(merchant),
        orders=orders,
        customers=customers,
        parcels=parcels,
        facts={at: fact for at, fact in told.items() if isinstance(fact, ShipmentFact)},
        claims=about_claims({at: fact for at, fact in told.items() if isinstance(fact, ClaimFact)}),
        cases=about_cases({at: fact for at, fact in told.items() if isinstance(fact, CaseFact)}),
        returns=returned,
        readers=readers,
        templates=own_templates(messages),
        devices=hosts_by_order(
            merchant, {m.order_id for m in messages if m.order_id and m.channel == Channel.PUSH}
        ),
        switches=switches(message.touchpoint for message in messages),
        as_planned=load_as_planned(merchant, messages, orders),
        lawful=lawful,
        suppressed=suppressed(
            (message.channel, address)
            for message in messages
            if (address := _address_of(message, orders, customers, readers))
        ),
    )


def _readers(
    messages: Sequence[Message], orders: Mapping[UUID, Order], returned: Mapping[int, AboutReturn]
) -> dict[UUID, Order]:
    """Who reads what instead of the buyer: those who got a present and return it."""
    readers = {}
    for message in messages:
        about, order = returned.get(message.fact_position or 0), orders.get(message.order_id)  # type: ignore[arg-type]
        if about and order and (reader := reader_of(order, about.fact, about.ret)):
            readers[message.pk] = reader
    return readers


def _address_of(
    message: Message,
    orders: Mapping[UUID, Order],
    customers: Mapping[UUID, Customer],
    readers: Mapping[UUID, Order],
) -> str:
    if TOUCHPOINTS[message.touchpoint].to_address:
        return message.recipient
    about = readers.get(message.pk) or orders.get(message.order_id) or customers.get(message.customer_id)  # type: ignore[arg-type]
    return recipient(about, message.channel) if about else ""


def _facts(positions: Any) -> dict[int, FactData]:
    found = {}
    for row in Fact.objects.filter(position__in={p for p in positions if p}):
        found[row.position] = RecordedFact(
            position=row.position, type=row.type, merchant_id=row.merchant_id, order_id=row.order_id,
            data=row.data, recorded_at=row.recorded_at,
        ).payload()  # fmt: skip
    return found


def context_of(message: Message, loaded: Loaded) -> dict[str, Any]:
    """The data that the message's template is filled with."""
    if TOUCHPOINTS[message.touchpoint].to_address:
        return about_address(message, loaded.merchant, loaded.host)
    if not message.order_id:
        shown = about_customer(message, loaded.merchant, loaded.customers[message.customer_id], loaded.host)  # type: ignore[index]
        shown["links"] |= loaded.lawful.links(message, loaded.host)
        shown["may_offer"] = loaded.lawful.may_offer(message)
        return shown
    merchant, order, parcel = loaded.merchant, loaded.order(message), loaded.parcel(message)
    language = format_locale(message.locale)
    with translation.override(resolve_locale(language)):
        items = _items(order, parcel, language)
        shown = {
            "locale": language,
            "name": order.number,
            "order_name": order.number,
            "order_number": order.number.lstrip("#"),
            "email": order.email,
            "customer": {"first_name": order.first_name, "last_name": order.last_name},
            "shipping_address": _address(order, language),
            "line_items": items,
            "subtotal_line_items": items,
            **_amounts(order, language),
            "currency": order.currency,
            "shop": shop(merchant),
            **_links(loaded, order),
            "brand": brand_hex(merchant),
            "fulfillment": _fulfillment(parcel, language),
            "shipment": _parcel(message, loaded),
            "data": message.data,
        }
        shown["links"] |= loaded.lawful.links(message, loaded.host)
        shown["may_offer"] = loaded.lawful.may_offer(message)
        if claimed := loaded.claims.get(message.fact_position or 0):
            shown["claim"] = claim_words(claimed, language, windows.zone_at(merchant, order.country))
            shown["links"]["portal"] = claim_url(shown["links"]["portal"], order, claimed)
        if returned := loaded.returns.get(message.fact_position or 0):
            shown |= return_words(returned, merchant, language, windows.zone_at(merchant, order.country))
            portal = shown["links"]["portal"]
            shown["links"]["portal"] = return_url(portal, order, returned, message.touchpoint)
        if about := loaded.cases.get(message.fact_position or 0):
            zone = windows.zone_at(merchant, order.country)
            shown["case"] = case_words(about, language, zone)
            shown["links"]["portal"] = case_url(shown["links"]["portal"], order, about)
        if page := pages.review_page(message, order, loaded.lawful.rules):
            shown["links"]["portal"] = page
        shown["answers"] = pages.answers(message, order, loaded.lawful.rules)
        return shown


# --- the order and the shop --------------------------------------------------------------------------


def _address(order: Order, language: str) -> dict[str, str]:
    # The street stays out: a mailbox is read over many shoulders.
    country = babel_locale(language).territories.get(order.country, order.country) if order.country else ""
    return {"city": order.city, "zip": order.postcode, "country": country}


def _items(order: Order, parcel: Shipment | None, language: str) -> list[dict[str, Any]]:
    if parcel is not None:
        rows = [(row.line, row.quantity) for row in parcel.lines.all()]
    else:
        rows = [(line, line.quantity) for line in order.lines.all() if line.quantity]
    items = [
        {
            "title": line.title[:_LONGEST_TITLE],
            "variant_title": line.variant[:_LONGEST_TITLE],
            "quantity": quantity,
            "sku": line.sku,
            "image": absolute(line.image_url),
            "price": money(line.unit_price, order.currency, language),
            "line_price": money(line.unit_price * quantity, order.currency, language),
        }
        for line, quantity in rows[:MOST_ITEMS]
    ]
    if len(rows) > MOST_ITEMS:
        more = _("and %(count)d more: see your order page") % {"count": len(rows) - MOST_ITEMS}
        items.append({"title": more, "quantity": 1})
    return items


def _amounts(order: Order, language: str) -> dict[str, str]:
    def shown(amount: Decimal) -> str:
        return money(amount, order.currency, language)

    return {
        "subtotal_price": shown(order.subtotal),
        "discounts": shown(-order.discount) if order.discount else "",
        "shipping_price": shown(order.shipping),
        "tax_price": shown(order.tax) if order.tax else "",
        "total_price": shown(order.total),
    }


def _links(loaded: Loaded, order: Order) -> dict[str, Any]:
    merchant = loaded.merchant
    portal = portal_url(merchant, order, loaded.host)
    return {
        "order_status_url": portal,
        "links": {
            # A link only ever shows a page: programs that open every link of a mail change nothing (PRODUCT, N12).
            "portal": portal,
            **shop_links(merchant, loaded.host),
        },
    }


# --- the parcel --------------------------------------------------------------------------------------


def _fulfillment(parcel: Shipment | None, language: str) -> dict[str, str]:
    if parcel is None:
        return {}
    carrier, number = parcel.carrier, parcel.tracking_number
    url = parcel.tracking_url
    if url == tracking_url(carrier, number):  # ours, so it can be had in the shopper's language
        url = tracking_url(carrier, number, language)
    name = KNOWN[carrier].name if carrier in KNOWN else parcel.carrier_name
    return {"tracking_number": number, "tracking_company": name, "tracking_url": url}


def _parcel(message: Message, loaded: Loaded) -> dict[str, Any]:
    order, parcel, told = loaded.order(message), loaded.parcel(message), loaded.told(message)
    language = format_locale(message.locale)
    zone = windows.zone_at(loaded.merchant, order.country)
    live = [row for row in loaded.parcels[order.id] if row.status != Status.CANCELLED]
    shown: dict[str, Any] = {
        "status": str(told.status if told else parcel.status if parcel else Status.PENDING),
        "substatus": str(told.substatus if told else parcel.substatus if parcel else ""),
        "number": live.index(parcel) + 1 if parcel in live else 1,
        "count": max(1, len(live)),
        **_window(message, loaded, language, zone),
    }
    if isinstance(told, ShipmentDelayed) and told.eta_was:
        shown["eta_was"] = delivery_window(told.eta_was.astimezone(zone), None, language)
    if parcel is not None:
        until = parcel.pickup_until
        shown |= {
            "place": _place(parcel.substatus),
            "signed_by": parcel.signed_by if parcel.status == Status.DELIVERED else "",
            "pickup_place": parcel.pickup_place,
            "pickup_deadline": date_time(until, language, zone) if until else "",
        }
    return shown


def _window(message: Message, loaded: Loaded, language: str, zone: tzinfo) -> dict[str, str]:
    """The delivery window as text, empty when there is none that lies ahead."""
    start, end = _expected(message, loaded)
    if end is None or end < timezone.now() or message.touchpoint in _ARRIVED:
        return {}
    first, last = (start or end).astimezone(zone), end.astimezone(zone)
    return {
        "eta": delivery_window(first, last, language),
        "eta_from": delivery_window(first, None, language),
        "eta_to": delivery_window(last, None, language),
    }


def _expected(message: Message, loaded: Loaded) -> tuple[datetime | None, datetime | None]:
    parcel, order = loaded.parcel(message), loaded.order(message)
    if parcel is not None:
        if message.touchpoint == "shipment_out_for_delivery":
            day = timezone.now().astimezone(ZoneInfo(loaded.merchant.timezone)).date()
            today = windows.of_days(loaded.merchant, day, day, source="carrier")
            return today.start, max(today.end, timezone.now())
        return parcel.eta_from, parcel.eta_to
    if not any(line.requires_shipping for line in order.lines.all()):
        return None, None
    now = timezone.now()
    if message.touchpoint == "order_delayed":
        # It was not packed in time: what was promised is not kept, and its time begins only now.
        order = copy(order)
        order.placed_at, order.promised_from, order.promised_to = now, None, None
    window = expected(loaded.merchant, order, now).window
    return (window.start, window.end) if window else (None, None)


def _place(substatus: str) -> str:
    if substatus == "delivered.neighbour":
        return _("With a neighbour")
    return _("At the agreed safe place") if substatus == "delivered.safe_place" else ""
