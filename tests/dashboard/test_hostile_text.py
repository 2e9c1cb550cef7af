"""Whatever a shop or shopper writes is text on every page: it is shown and does nothing."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from cases.models import Case, CaseEntry
from merchants import commands
from merchants.models import Merchant, Role
from merchants.scope import merchant_scope
from notifications.models import Message
from orders.models import Order, OrderLine
from returns.claims.models import ClaimEntry
from tests.dashboard import scene
from tests.dashboard.test_access import READING, path_of
from tracking.models import Scan, Shipment

CORPUS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title></textarea></style><script src=//evil.test></script>",
    "javascript:alert(1)//",
    "{{ 7*7 }}{% now 'Y' %}",
    "<a href='javascript:alert(1)' style='position:fixed;inset:0'>x</a>",
    '" autofocus onfocus=alert(1) x="',
]
OUR_CHARTS = {"spark", "bars", "interval"}
OUR_PHOTO = re.compile(
    r"/app/[\w-]+/(?:cases/cas|claims/clm|returns/ret)_\w{26}/photos/(?:cph|clp|rph)_\w{26}/"
)
PHOTO_ATTRIBUTES = {"src", "alt", "loading", "width", "height"}
HOSTILE_TAGS = {"script", "img", "svg", "object", "embed", "base", "math"}
MAILS = {"campaign_preview"}  # a mail in a frame: its styles stand in attributes, under a policy of their own
AS_FILED = {"message_preview", "case_photo", "claim_photo", "return_photo"}  # as sent or uploaded


class Page(HTMLParser):
    """Notes what a page must not have, nor a mail, but for its styles."""

    def __init__(self, html: str, *, is_mail: bool = False) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.is_mail = is_mail
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            text = (value or "").strip().lower()
            is_link = name in ("href", "src", "action", "formaction", "hx-get")
            if (
                name.startswith("on")
                or (name == "style" and (not self.is_mail or "fixed" in text or "url(" in text))
                or (is_link and text.startswith(("javascript:", "data:text")))
            ):
                self.faults.append(f"<{tag} {name}={value}>")
        own = dict(attributes)
        is_ours = (
            (tag == "img" and OUR_PHOTO.fullmatch(own.get("src") or "") and set(own) <= PHOTO_ATTRIBUTES)
            or (tag == "script" and (own.get("src") or "").startswith("/static/"))
            or (tag == "svg" and own.get("class") in OUR_CHARTS and own.get("role") == "img")
        )
        if tag in HOSTILE_TAGS and not is_ours:
            self.faults.append(f"<{tag}>")


@pytest.mark.parametrize("text", CORPUS)
def test_no_text_becomes_markup_on_any_page(text: str, merchant: Merchant) -> None:
    shop = scene.build(merchant)
    with merchant_scope(merchant):
        Order.objects.update(
            first_name=text, last_name=text, number=text[:64], email=text, phone=text[:40], city=text, source=text[:32],
            postcode=text[:20], external_id=text, locale=text[:10],
            shipping_address={"name": text, "company": text, "address1": text, "region": text},
        )  # fmt: skip
        OrderLine.objects.update(title=text, variant=text, sku=text)
        Shipment.objects.update(
            carrier_name=text, carrier="", tracking_number=text, tracking_url=text, service=text, signed_by=text,
            pickup_place=text, poll_error=text, status=text[:24], substatus=text[:40],
        )  # fmt: skip
        Scan.objects.update(description=text, city=text, status=text[:24], substatus=text[:40])
        Message.objects.update(
            subject=text, text=text, recipient=text, provider=text[:60], provider_reference=text, error=text,
            message_id=text, reason=text[:40], touchpoint=text[:60], fact_type=text[:60],
        )  # fmt: skip
        Shipment.objects.update(wish={"kind": "safe_place", "place": text, "day": None})
        CaseEntry.objects.update(text=text, author=text)
        Case.objects.update(assignee=text)
        type(shop.segment).objects.update(name=text)
        type(shop.campaign).objects.update(name=text, words={"en": {"heading": text.replace("{", "")}})
        ClaimEntry.objects.update(text=text, author=text)
        type(shop.parked).objects.update(error=text, subscriber=text[:60], type=text[:60])
        type(shop.item).objects.update(error=text, source=text[:32], topic=text[:64], external_id=text)
    merchant.name = text
    merchant.save()
    membership = commands.add_member(
        merchant, email="owner@x.test", password="lighthouse-9-keeper", role=Role.OWNER
    )
    client = Client()
    client.force_login(membership.user)
    paths = {path_of(name, shop.ids): name in MAILS for name in sorted(READING - AS_FILED)}
    paths |= {path_of("parked", shop.ids) + "?tab=inbox": False, path_of("cancel_order", shop.ids): False}
    for path, is_mail in paths.items():
        for query in ("", "?q=" if "?" not in path else "&q="):
            answer = client.get(path + query, {"q": text} if query == "?q=" else None)
            assert answer.status_code == 200, path
            if answer["Content-Type"].startswith("text/csv"):  # saved, not shown
                assert answer["Content-Disposition"].startswith("attachment"), path
                continue
            assert Page(answer.content.decode(), is_mail=is_mail).faults == [], path
