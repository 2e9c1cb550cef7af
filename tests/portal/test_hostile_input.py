"""Whatever a shopper types about a return, a claim or a withdrawal is text or is refused with words, never a fault."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from orders.schemas import LineIn
from returns.claims.models import ClaimEntry
from returns.claims.pool import cover
from returns.models import ReturnEntry
from returns.withdrawal.models import Withdrawal
from tests import factories
from tests.api_client import ApiClient
from tests.portal.test_claims import photo
from tests.portal.test_returns import answered, path
from tests.returns.conftest import rules

TEXTS = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": '" autofocus onfocus=alert(1) x="',
    "Liquid": "{{ 7 | times: 191 }}{% include 'secret' %}{{ order.raw }}",
    "formula": '=HYPERLINK("https://evil.test","refund")',
    "right to left": "gnp.\u202eexe \u2066\u2069 \u200f",
    "control": "a\0b\x1b[31m\r\nBcc: x@evil.test",
    "half a letter": "\ud83d",
    "long": "W" * 10_000_000,
}


def protected(merchant: Merchant) -> Order:
    """A delivered order of a sweater and more, with cover. One a text: who writes too often has to wait."""
    lines = [LineIn(title="Sweater", quantity=4, unit_price=Decimal(89), external_id="L1", sku="SW-M")]
    made = factories.order(merchant, lines=lines, email="anna@example.test")
    factories.scan(merchant, factories.shipment(merchant, made), "delivered", timezone.now())
    cover(merchant, made.pk)
    return made


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_that_is_typed_is_more_than_text(
    merchant: Merchant, client: Client, api: ApiClient, name: str
) -> None:
    rules(merchant, auto_approve=True)
    order, text = protected(merchant), TEXTS[name]
    with merchant_scope(merchant):
        line = str(order.lines.get().pk)

    def post(address: str, fields: dict[str, Any]) -> str:
        """Send a form as a browser could. Returns where it leads to, "" where it is refused with words."""
        body = urlencode(fields, errors="surrogatepass")
        answer = client.post(address, body, content_type="application/x-www-form-urlencoded")
        if name == "long":
            assert answer.status_code in (400, 413), address
            return ""
        assert answer.status_code in (303, 422), (address, answer.status_code)
        if answer.status_code == 303:
            shown = client.get(answer["Location"]).content.decode()
            assert not [bad for bad in (TEXTS["markup"], TEXTS["attribute"], "\0", "1337") if bad in shown], (
                address
            )
        return str(answer.get("Location", ""))

    wanted = answered(
        line, reason="too_small", resolution="exchange", variant=text[:500].replace("\ud83d", "?")
    )
    assert client.get(path(order), {"step": "confirm", **wanted}).status_code in (200, 422)
    piece = {**answered(line, count="1", reason="too_small"), "method": "own"}
    gift = {f"resolution-{line}": "store_credit", "gift": "1", "gift_email": f"{text}@x.test", "key": text}
    post(path(order), {**piece, **gift, "text": text})
    refund = {f"resolution-{line}": "refund", "text": "Too small."}
    there = client.post(path(order), {**piece, **refund})["Location"]
    post(there, {"text": text})
    post(there + "sent/", {"tracking_number": text})
    told = {"kind": "damaged", "line": line, f"count-{line}": "1", "text": "Broken.", "photos": photo()}
    claim = client.post(path(order, "").replace("/o/", "/t/") + "1/claim/", told)
    post(claim["Location"], {"text": text})
    post("/p/nordwind/withdraw/", {"name": text, "contract": text, "email": text, "text": text})
    with merchant_scope(merchant):
        said = [
            *ReturnEntry.objects.values_list("text", flat=True),
            *ClaimEntry.objects.values_list("text", flat=True),
        ]
        assert (said.count(text) >= 2) == (name not in ("control", "half a letter", "long"))
        assert Withdrawal.objects.count() == (name != "long")  # what is typed there is never refused
    assert (
        api.get("returns").status_code
        == api.get("claims").status_code
        == api.get("withdrawals").status_code
        == 200
    )
