"""A made-up order for tests, previews and test sends."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from .formats import date_time, delivery_window, money

SHOP = "https://nordwind.example"
PORTAL = "https://track.nordwind.example"
BERLIN = ZoneInfo("Europe/Berlin")


# What the parcel of the sample looks like when a message is sent: a status, and what is not known
# then.
MOMENTS = {
    "order_confirmation": (
        "pending",
        ("eta_was", "place", "pickup_place", "pickup_deadline", "signed_by"),
    ),
    "shipment_shipped": (
        "in_transit",
        ("eta_was", "place", "pickup_place", "pickup_deadline", "signed_by"),
    ),
    "shipment_out_for_delivery": (
        "out_for_delivery",
        ("eta_was", "place", "pickup_place", "pickup_deadline", "signed_by"),
    ),
    "shipment_delivered": (
        "delivered",
        ("eta", "eta_was", "pickup_place", "pickup_deadline", "signed_by"),
    ),
    "shipment_delayed": ("in_transit", ("place", "pickup_place", "pickup_deadline", "signed_by")),
    "order_delayed": (
        "pending",
        ("eta_was", "place", "pickup_place", "pickup_deadline", "signed_by"),
    ),
    "shipment_silent": (
        "in_transit",
        ("eta", "eta_was", "place", "pickup_place", "pickup_deadline", "signed_by"),
    ),
    "shipment_exception": (
        "exception",
        ("eta", "eta_was", "place", "pickup_place", "pickup_deadline", "signed_by"),
    ),
}


def sample_context(locale: str, touchpoint: str = "") -> dict[str, Any]:
    """A context for `locale` with every name a template can use, or as it is at `touchpoint`."""
    context = _order(locale)
    if touchpoint in MOMENTS:
        status, unknown = MOMENTS[touchpoint]
        context["shipment"] |= {"status": status, **dict.fromkeys(unknown, "")}
    if touchpoint == "exchange_moved":
        context["exchange"]["difference"] = ""
    return context


def _order(locale: str) -> dict[str, Any]:
    german = locale.lower().startswith("de")
    name = "#104217"
    items = _items(locale, german)
    return {
        "locale": locale,
        "name": name,
        "order_name": name,
        "order_number": "104217",
        "email": "anna.keller@kundin.example",
        "customer": {"first_name": "Anna", "last_name": "Keller"},
        "shipping_address": {
            "city": "Hamburg",
            "zip": "20457",
            "country": "Deutschland" if german else "Germany",
        },
        "line_items": items,
        "subtotal_line_items": items,
        "subtotal_price": money(Decimal("148.00"), "EUR", locale),
        "discounts": money(Decimal("-14.80"), "EUR", locale),
        "shipping_price": money(Decimal("4.90"), "EUR", locale),
        "tax_price": money(Decimal("22.05"), "EUR", locale),
        "total_price": money(Decimal("138.10"), "EUR", locale),
        "currency": "EUR",
        "may_offer": True,
        "order_status_url": f"{PORTAL}/o/9fK2xQ7d",
        "shop": {
            "name": "Nordwind",
            "url": SHOP,
            "email": "hallo@nordwind.example",
            "logo": "",
            "pictures": f"{PORTAL}/picture-",
            "address": "Nordwind GmbH\nHafenstr. 1, 20457 Hamburg",
        },
        "links": {
            "portal": f"{PORTAL}/o/9fK2xQ7d",
            "withdraw": f"{PORTAL}/withdraw",
            "help": f"{SHOP}/help",
            "imprint": f"{SHOP}/imprint",
            "privacy": f"{SHOP}/privacy",
        },
        "brand": {
            "color": "#0b6b53",
            "on_color": "#ffffff",
            "ink": "#0a6049",
            "ink_dark": "#5fd3b2",
            "soft": "#e7f2ee",
            "radius": "9px",
        },
        "data": {
            "topics": "Neuigkeiten und Angebote" if german else "News and offers",
            "withdrawal": {
                "number": "W-7KQ2M9PX",
                "declared_at": "28.11.2026, 14:03:27 MEZ" if german else "28 November 2026, 14:03:27 CET",
                "name": "Anna Keller",
                "contract": "#104217",
                "email": "anna.keller@kundin.example",
                "scope": "Ganze Bestellung" if german else "Whole order",
                "text": "",
                "items": [],
                "proof": "5b1f0c7a 3e2d9946",
            },
            **_data(locale, german),
        },
        "claim": {
            "number": "C-7KQ2M9PX",
            "kind": "Angekommen, aber beschädigt" if german else "Arrived damaged",
            "text": "Die Tasse ist zerbrochen." if german else "The mug is broken.",
            "until": delivery_window(date(2026, 12, 4), None, locale),
            "value": money(Decimal("49.00"), "EUR", locale),
            "resolution": "refund",
            "why": "",
        },
        **_returned(locale, german),
        "answers": [f"{SHOP}/survey?answer={answer}" for answer in range(5, 0, -1)],
        "case": {
            "kind": "Artikel beschädigt" if german else "Damaged item",
            "text": "Der Henkel ist abgebrochen." if german else "The handle has come off.",
            "answer_by": delivery_window(date(2026, 11, 25), None, locale),
        },
        **_parcel(locale, german),
    }


def _data(locale: str, german: bool) -> dict[str, Any]:
    """What follow-ups and campaigns speak of besides the order."""
    guide = {
        "title": "Wolle richtig pflegen" if german else "How to care for wool",
        "text": (
            "Lüften statt waschen. Wenn doch: kalt und liegend trocknen."
            if german
            else "Air it rather than wash it. If you do: cold, and dry it lying flat."
        ),
        "url": f"{SHOP}/guides/wool",
    }
    offered = {
        "title": "Wollwaschmittel" if german else "Wool detergent", "variant_title": "500 ml",
        "price": money(Decimal("12.90"), "EUR", locale), "url": f"{SHOP}/p/wool-detergent",
        "image": f"{SHOP}/i/wool-detergent.png",
    }  # fmt: skip
    return {"guide": guide, "products": [offered], "url": f"{SHOP}/p/wool-detergent"}


def _returned(locale: str, german: bool) -> dict[str, Any]:
    """A return of one item, its exchange, and the money for it."""
    sweater = "Fjord Wollpullover · Petrol · M" if german else "Fjord Wool Sweater · Petrol · M"
    worth = money(Decimal("89.00"), "EUR", locale)
    return {
        "return": {
            "number": "R-104217-1",
            "kind": "return",
            "items": [{"title": sweater, "quantity": 1}],
            "text": "Der Pullover ist zu klein." if german else "The sweater is too small.",
            "step": "received",
            "method": "own",
            "method_name": "Eigenes Paket, beliebiger Versender" if german else "Own parcel, any carrier",
            "until": delivery_window(date(2026, 12, 22), None, locale),
            "address": "Nordwind GmbH\nHafenstr. 1, 20457 Hamburg",
        },
        "exchange": {
            "items": [{"title": sweater.replace("· M", "· L"), "quantity": 1}],
            "difference": money(Decimal("10.00"), "EUR", locale),
            "pay_by": delivery_window(date(2026, 12, 1), None, locale),
            "because": "",
        },
        "refund": {
            "amount": worth,
            "fee": "",
            "state": "completed",
            "ways": [{"name": "Visa •• 4242", "amount": worth}],
        },
        "credit": {"amount": worth, "bonus": "", "balance": worth, "until": ""},
    }


def _parcel(locale: str, german: bool) -> dict[str, Any]:
    eta = delivery_window(date(2026, 11, 24), date(2026, 11, 25), locale)
    return {
        "fulfillment": {
            "tracking_number": "00340434161094042557",
            "tracking_company": "DHL",
            "tracking_url": "https://carrier.example/track?number=00340434161094042557",
            "estimated_delivery_at": eta,
        },
        "shipment": {
            "status": "in_transit",
            "substatus": "",
            "number": 1,
            "count": 2,
            "eta": eta,
            "eta_from": delivery_window(date(2026, 11, 24), None, locale),
            "eta_to": delivery_window(date(2026, 11, 25), None, locale),
            "eta_was": delivery_window(date(2026, 11, 19), date(2026, 11, 20), locale),
            "place": "Abstellort: Garage" if german else "Safe place: garage",
            "pickup_place": "DHL Paketshop, Speicherstr. 7, 20457 Hamburg",
            "pickup_deadline": date_time(datetime(2026, 11, 30, 17, 0, tzinfo=UTC), locale, BERLIN),
            "signed_by": "",
        },
    }


def _items(locale: str, german: bool) -> list[dict[str, Any]]:
    rows = [
        (
            "Fjord Wollpullover" if german else "Fjord Wool Sweater",
            "Petrol · M",
            1,
            "89.00",
            "FJ-PE-M",
        ),
        ("Deichsocken, 2 Paar" if german else "Dyke Socks, 2 pairs", "39–42", 2, "29.50", "DS-39"),
    ]
    return [
        {
            "title": title,
            "variant_title": variant,
            "quantity": quantity,
            "sku": sku,
            "image": f"{SHOP}/i/{sku.lower()}.png",
            "price": money(Decimal(price), "EUR", locale),
            "line_price": money(Decimal(price) * quantity, "EUR", locale),
        }
        for title, variant, quantity, price, sku in rows
    ]
