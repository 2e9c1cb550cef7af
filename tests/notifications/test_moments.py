"""Each moment from the API to the mailbox: who gets which words, with which links."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from merchants.models import Merchant, PortalDomain
from merchants.scope import merchant_scope
from orders.links import link_digest
from orders.models import Order, OrderLine
from tests import factories
from tests.api_client import ApiClient
from tests.smtp_sink import SmtpSink

NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def shop(api: ApiClient, send_all: Callable[[], None], smtp_sink: SmtpSink) -> "Shop":
    return Shop(api, send_all, smtp_sink)


class Shop:
    """A shop's backend whose shopper reads mail."""

    def __init__(self, api: ApiClient, send_all: Callable[[], None], sink: SmtpSink) -> None:
        self.api, self.send_all, self.sink = api, send_all, sink

    def order(self, **fields: Any) -> dict[str, Any]:
        body = factories.order_body(**fields)
        body["customer"]["locale"] = fields.get("locale", body["customer"]["locale"])
        body.pop("locale", None)
        answer = self.api.post("orders", body)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def parcel(self, order: dict[str, Any], number: str = "SBX-1", **fields: Any) -> dict[str, Any]:
        body = {"order_id": order["id"], "carrier": "sandbox", "tracking_number": number, **fields}
        answer = self.api.post("shipments", body)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def scan(self, status: str, number: str = "SBX-1", minutes: int = 0, **fields: Any) -> None:
        at = (NOW + timedelta(minutes=minutes)).isoformat()
        body = {"tracking_number": number, "status": status, "occurred_at": at, **fields}
        assert self.api.post("scans", body).status_code == 200

    def read(self) -> list[Any]:
        """Let the workers work, and empty the mailbox."""
        self.send_all()
        mails, self.sink.mails = self.sink.mails, []
        return mails


WORDS = {
    "en": {
        "placed": "Confirmed", "shipped": "Arriving", "out": "Arriving today", "delivered": "Delivered",
        "exception": "Please check the address", "cancelled": "Cancelled", "attempt": "Sorry we missed you",
        "pickup": "Ready for you", "returning": "Coming back to us", "delayed": "Now arriving",
    },
    "de": {
        "placed": "Bestätigt", "shipped": "Lieferung", "out": "Heute bei Ihnen", "delivered": "Zugestellt",
        "exception": "Adresse", "cancelled": "Storniert", "attempt": "nicht angetroffen",
        "pickup": "Abholbereit", "returning": "Auf dem Rückweg", "delayed": "Neuer Termin",
    },
}  # fmt: skip


@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_parcels_journey_is_told_in_the_shoppers_language(shop: Shop, locale: str) -> None:
    order = shop.order(locale=locale)
    told = {"placed": shop.read()}
    shop.parcel(order)
    told["shipped"] = shop.read()
    shop.scan("in_transit", minutes=1)
    assert shop.read() == []
    shop.scan("out_for_delivery", minutes=2)
    told["out"] = shop.read()
    shop.scan("delivered", minutes=3)
    told["delivered"] = shop.read()
    for moment, mails in told.items():
        [mail] = mails
        assert WORDS[locale][moment] in mail.subject
        assert mail.recipients == [order["email"]]
        assert mail.sender == "orders@shop.test"
        assert mail.header("From") == "Nordwind <orders@shop.test>"
        assert mail.header("To") == order["email"]
        assert mail.header("Reply-To") == "hallo@nordwind.test"
        assert f'lang="{locale}"' in mail.html
        assert "Fjord Wool Sweater" in mail.html
        assert "Fjord Wool Sweater" in mail.text
        assert order["portal_url"] in mail.html
        assert order["portal_url"] in mail.text
    assert len({mail.message_id for mails in told.values() for mail in mails}) == 4


@pytest.mark.parametrize(
    ("moment", "status", "substatus"),
    [
        ("exception", "exception", "exception.address"),
        ("attempt", "attempt_failed", "attempt.no_one"),
        ("pickup", "available_for_pickup", "pickup.ready"),
        ("returning", "returning", ""),
    ],
)
@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_problem_is_told_in_words_of_its_own(
    shop: Shop, moment: str, status: str, substatus: str, locale: str
) -> None:
    shop.parcel(shop.order(locale=locale))
    shop.read()
    shop.scan(status, substatus=substatus)
    [mail] = shop.read()
    assert WORDS[locale][moment] in mail.subject


@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_delay_names_the_new_day_and_the_old_one(shop: Shop, locale: str) -> None:
    order = shop.order(locale=locale)
    days = [datetime.combine(NOW.date() + timedelta(days=n), datetime.min.time(), UTC) for n in (3, 6)]
    windows = [
        {
            "earliest": (day + timedelta(hours=9)).isoformat(),
            "latest": (day + timedelta(hours=16)).isoformat(),
        }
        for day in days
    ]
    shop.parcel(order, delivery=windows[0])
    shop.read()
    late = {"order_id": order["id"], "tracking_number": "SBX-1", "delivery": windows[1]}
    assert shop.api.post("shipments", late).status_code == 200
    [mail] = shop.read()
    assert WORDS[locale]["delayed"] in mail.subject
    assert all(str(day.day) in mail.text for day in days)


@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_cancelled_order_is_told(shop: Shop, locale: str) -> None:
    order = shop.order(locale=locale)
    shop.read()
    assert shop.api.post(f"orders/{order['id']}/cancel").status_code == 200
    [mail] = shop.read()
    assert WORDS[locale]["cancelled"] in mail.subject
    assert order["portal_url"] in mail.text


def test_the_confirmation_lists_what_was_bought_and_what_it_costs(shop: Shop) -> None:
    shop.order(discount="10.00", tax="50.00", locale="de")
    [mail] = shop.read()
    for amount in ("89,00\xa0€", "258,00\xa0€", "4,90\xa0€", "-10,00\xa0€", "341,90\xa0€"):
        assert amount in mail.text, amount


def test_only_pictures_from_the_web_are_shown(shop: Shop, merchant: Merchant) -> None:
    order = shop.order()
    pictures = ["https://cdn.test/a.png", "javascript:alert(1)"]
    with merchant_scope(merchant):
        lines = OrderLine.objects.filter(order__external_id=order["external_id"])
        for line, url in zip(lines.order_by("position"), pictures, strict=True):
            OrderLine.objects.filter(pk=line.pk).update(image_url=url)
    [mail] = shop.read()
    assert re.findall(r'<img[^>]* src="([^"]+)"', mail.html) == ["https://cdn.test/a.png"]
    assert "javascript:" not in mail.html


def test_the_logo_leads_to_the_portal(shop: Shop, merchant: Merchant, client: Client) -> None:
    picture = b"\x89PNG not really"
    Merchant.objects.filter(pk=merchant.pk).update(logo=picture)
    shop.order()
    [mail] = shop.read()
    [logo] = re.findall(r'<img[^>]* src="([^"]+logo[^"]+)"', mail.html)
    assert logo.startswith(settings.PUBLIC_URL)
    assert client.get(logo.removeprefix(settings.PUBLIC_URL)).content == picture


@pytest.mark.parametrize(("locale", "speaks"), [("fr-FR", "de"), ("en-US", "en"), ("de-AT", "de")])
def test_a_language_that_we_do_not_speak_is_answered_in_the_shops(
    shop: Shop, merchant: Merchant, locale: str, speaks: str
) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(locale="de")
    shop.order(locale=locale)
    [mail] = shop.read()
    assert f'lang="{speaks}"' in mail.html


def test_an_endless_order_still_makes_a_mail_of_bounded_size(shop: Shop) -> None:
    lines = [
        {"external_id": str(n), "title": "<&>" * 160, "quantity": 1, "unit_price": "1.00"}
        for n in range(1000)
    ]
    shop.order(lines=lines)
    [mail] = shop.read()
    assert "and 970 more" in mail.text
    assert len(mail.html.encode()) < 102_000


def test_each_parcel_of_an_order_is_told_and_numbered(shop: Shop) -> None:
    order = shop.order()
    shop.read()
    shop.parcel(order, "SBX-1", lines=[{"line": "L1", "quantity": 1}])
    shop.parcel(order, "SBX-2", lines=[{"line": "L2", "quantity": 2}])
    first, second = sorted(shop.read(), key=lambda mail: "2 of 2" in mail.text)
    assert "parcel 1 of 2" in first.text.lower()
    assert "Fjord Wool Sweater" in first.text
    assert "Leather Loafer" not in first.text
    assert "parcel 2 of 2" in second.text.lower()
    assert "Leather Loafer" in second.text


def test_the_link_leads_to_the_merchants_own_host_and_opens_this_order(
    shop: Shop, merchant: Merchant
) -> None:
    PortalDomain.objects.create(host="track.nordwind.test", merchant=merchant, verified_at=timezone.now())
    shop.order()
    [mail] = shop.read()
    [token] = set(re.findall(r"https://track\.nordwind\.test/t/([\w-]{24})/", mail.html))
    with merchant_scope(merchant):
        assert Order.objects.filter(link_digest=link_digest(token)).count() == 1


def test_without_a_language_of_the_shopper_the_shops_is_spoken(shop: Shop, merchant: Merchant) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(locale="de")
    body = factories.order_body()
    del body["customer"]["locale"]
    assert shop.api.post("orders", body).status_code == 201
    [mail] = shop.read()
    assert "Bestätigt" in mail.subject


def test_the_merchants_own_sender_is_used(shop: Shop, merchant: Merchant) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(
        sender_email="post@nordwind.test", name="Nord, Wind & Söhne"
    )
    shop.order()
    [mail] = shop.read()
    assert mail.sender == "post@nordwind.test"
    assert mail.parsed["From"].addresses[0].display_name == "Nord, Wind & Söhne"
    assert mail.message_id.endswith("@nordwind.test>")


def test_changed_items_are_confirmed_once_they_settle(shop: Shop, later: Any) -> None:
    body = factories.order_body()
    shop.api.post("orders", body)
    shop.read()
    body["lines"][0]["image_url"] = "https://shop.test/new.png"
    assert shop.api.post("orders", body).status_code == 200
    for quantity in (3, 4):
        body["lines"][1]["quantity"] = quantity
        assert shop.api.post("orders", body).status_code == 200
    assert shop.read() == []
    later(timedelta(minutes=31))
    mails = shop.read()
    assert 1 <= len(mails) <= 2  # two when a quarter of an hour ended between the changes
    assert mails[0].subject.startswith("Changed: your Nordwind order")
    assert "4 × Leather Loafer" in mails[0].text
    body["lines"][1]["quantity"] = 1
    assert shop.api.post("orders", {**body, "notify": False}).status_code == 200
    later(timedelta(minutes=31))
    assert shop.read() == []
