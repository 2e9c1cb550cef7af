"""Any other shop: the door with its own signature, and orders read by a mapping."""

import hashlib
import hmac
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from events import due
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.sending import send_due
from orders.connectors.generic import FIELDS, read_orders
from orders.connectors.lenient import Unreadable
from orders.connectors.paths import BadPath, find
from orders.models import InboxItem, InboxState, Order, ShopConnection
from orders.shops import ShopValues, add_shop, change_shop
from tests.orders.shopify_shop import sign
from tests.smtp_sink import SmtpSink
from tracking.models import Shipment

ORDER = {
    "orders": [
        {
            "uuid": "o-1", "no": 4711, "time": 1795168800, "money": {"cur": "eur", "sum": 4490, "ship": 490},
            "buyer": {"mail": "Ida@Example.test", "full": "Ida Berg", "tel": "+46701234567"},
            "to": {"street": "Storgatan 1", "zip": "111 22", "town": "Stockholm", "cc": "se"},
            "rows": [{"key": "r1", "what": "Mug", "n": 2, "each": 1000},
                     {"key": "r2", "what": "Bowl", "n": 1, "each": 2000}],
            "sent": [{"track": "00340434161094000001", "by": "DHL", "at": "2026-11-21T10:00:00Z"}],
        }
    ]
}  # fmt: skip
MAPPING = {
    "order": "$.orders[*]", "external_id": "$.uuid", "number": "$.no", "placed_at": "$.time", "currency": "$.money.cur",
    "total": "$.money.sum", "shipping": "$.money.ship", "email": "$.buyer.mail", "name": "$.buyer.full",
    "phone": "$.buyer.tel", "address1": "$.to.street", "postcode": "$.to.zip", "city": "$.to.town",
    "country": "$.to.cc",
    "locale": "'sv'", "lines": "$.rows", "line.external_id": "$.key", "line.title": "$.what", "line.quantity": "$.n",
    "line.unit_price": "$.each", "parcels": "$.sent[*]", "parcel.tracking_number": "$.track", "parcel.carrier": "$.by",
    "parcel.shipped_at": "$.at",
}  # fmt: skip


@pytest.fixture
def till(merchant: Merchant) -> ShopConnection:
    """A till whose orders come in cents, signed in X-Till."""
    options = {"signature_header": "X-Till", "id_header": "X-Id", "cents": True, "mapping": MAPPING}
    with merchant_scope(merchant):
        return add_shop(merchant, "generic", ShopValues(name="Till", secret="s3cret", options=options))


def send(till: ShopConnection, payload: Any = ORDER, slug: str = "nordwind", **headers: str) -> Any:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    known = {
        "X-Till": sign("s3cret", body),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    path = f"/hooks/generic/{slug}/{public_id('con', till.id)}"
    return Client(raise_request_exception=False).post(path, body, "application/json", headers=known)


def test_an_order_is_read_by_the_mapping_confirmed_and_sent(
    till: ShopConnection, merchant: Merchant, drain_all: Callable[[], int], smtp_sink: SmtpSink
) -> None:
    import time

    ORDER["orders"][0]["time"] = int(time.time())
    assert send(till).status_code == 200
    due.run("orders.inbox")
    while drain_all():
        pass
    while send_due():
        pass
    with merchant_scope(merchant):
        order = Order.objects.get()
        lines = [(x.external_id, x.title, x.quantity, x.unit_price) for x in order.lines.order_by("position")]
        parcel = Shipment.objects.get()
    assert (order.external_id, order.number, order.currency) == ("o-1", "4711", "EUR")
    assert (order.total, order.shipping, order.subtotal) == (Decimal("44.9"), Decimal("4.9"), Decimal(40))
    assert (order.email, order.first_name, order.last_name) == ("ida@example.test", "Ida", "Berg")
    assert (order.city, order.postcode, order.country, order.locale) == ("Stockholm", "111 22", "SE", "sv")
    assert lines == [("r1", "Mug", 2, Decimal(10)), ("r2", "Bowl", 1, Decimal(20))]
    assert (parcel.tracking_number, parcel.carrier) == ("00340434161094000001", "dhl")
    assert order.source == public_id("con", till.id)
    assert len([m for m in smtp_sink.mails if m.recipients == ["ida@example.test"]]) == 2


@pytest.mark.parametrize(
    "form",
    [
        lambda body: sign("s3cret", body),
        lambda body: hmac.new(b"s3cret", body, hashlib.sha256).hexdigest(),
        lambda body: "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest(),
        lambda body: hmac.new(b"s3cret", body, hashlib.sha256).hexdigest().upper(),
    ],
)
def test_the_signature_may_be_base64_or_hex(till: ShopConnection, form: Callable[[bytes], str]) -> None:
    assert send(till, b'{"a": 1}', X_Till=form(b'{"a": 1}')).status_code == 200


def test_nobody_else_gets_in(till: ShopConnection, merchant: Merchant, stranger: Merchant) -> None:
    body = b'{"a": 1}'
    with merchant_scope(stranger):
        theirs = add_shop(
            stranger, "generic", ShopValues(secret="theirs", options={"signature_header": "X-Till"})
        )
    refused = [
        send(till, body, X_Till=""), send(till, body, X_Till=sign("guessed", body)), send(till, body, X_Till="0" * 64),
        send(till, body, X_Till="z" * 64), send(till, body, X_Till=sign("", body)),
        send(till, body + b" ", X_Till=sign("s3cret", body)), send(till, body, slug="sudwind"),
        send(till, body, slug="nobody"), send(theirs, body, X_Till=sign("theirs", body)),
    ]  # fmt: skip
    bad = Client().post("/hooks/generic/nordwind/con_nothing", body, "application/json")
    assert {(a.status_code, a.json()["detail"]) for a in [*refused, bad]} == {
        (401, "The webhook is not signed with this shop's secret.")
    }
    with merchant_scope(merchant):
        assert not InboxItem.objects.exists()


def test_the_former_secret_works_until_the_next_one(till: ShopConnection, merchant: Merchant) -> None:
    with merchant_scope(merchant):
        change_shop(merchant, till.id, ShopValues(name="Till", secret="second", options=till.options))
    for secret in ("s3cret", "second"):
        assert send(till, b"{}", X_Till=sign(secret, b"{}")).status_code == 200
    with merchant_scope(merchant):
        change_shop(merchant, till.id, ShopValues(name="Till", secret="third", options=till.options))
    assert send(till, b"{}", X_Till=sign("s3cret", b"{}")).status_code == 401


def test_a_delivery_with_an_id_counts_once_and_without_one_every_time(
    till: ShopConnection, merchant: Merchant
) -> None:
    for _ in range(20):
        send(till, X_Id="the-same")
    with merchant_scope(merchant):
        assert InboxItem.objects.count() == 1
        send(till)
        send(till)
        assert InboxItem.objects.count() == 3
        due.run("orders.inbox")
        assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"external_id": "$.nothing"}, "external_id"),
        ({"lines": "$.nothing"}, "lines"),
        ({"line.quantity": "$.nothing"}, "lines"),
        ({"order": "$.nothing"}, "order"),
        ({"email": "$["}, "email"),
    ],
)
def test_what_a_mapping_cannot_find_fails_and_names_the_field(change: dict[str, str], words: str) -> None:
    from django.utils import timezone

    with pytest.raises(Unreadable, match=f"^{words}: "):
        read_orders(ORDER, {**MAPPING, **change}, source="x", currency="EUR", cents=True, now=timezone.now())


def test_an_order_that_cannot_be_read_waits_under_parked_with_the_reason(
    till: ShopConnection, merchant: Merchant
) -> None:
    send(till, {"orders": [{"uuid": "o-2", "rows": []}]})
    due.run("orders.inbox")
    with merchant_scope(merchant):
        item = InboxItem.objects.get()
    assert (item.state, item.error) == (
        InboxState.FAILED,
        "lines: there is no line with a quantity at this path.",
    )


@pytest.mark.parametrize(
    "path", ["", "id", "$.", "$[", "$..a..b", "$.a[?match(@.b, '(a+)+$')]", "$.a[?search(@.b, 'x')]", "$." + "a" * 400,
             "$" + "[0]" * 90 + "[", "$.\x00", "$['"],
)  # fmt: skip
def test_a_path_that_is_none_or_costs_too_much_is_refused_with_words(path: str) -> None:
    with pytest.raises(BadPath) as refused:
        find(path, {"a": [{"b": "a" * 40}]})
    assert str(refused.value)


def test_paths_find_values_lists_and_fixed_texts() -> None:
    value = {"a": [{"b": 1}, {"b": 2}], "c": None}
    assert find("$.a[*].b", value) == [1, 2]
    assert find("$.a[?@.b > 1].b", value) == [2]
    assert find("$..b", value) == [1, 2]
    assert find('"EUR"', value) == ["EUR"]
    assert find("$.nothing", value) == []


def test_every_field_has_words_in_the_editor() -> None:
    from dashboard.shops.words import MAPPING as WORDS

    assert {name for fields in WORDS.values() for name in fields} == set(FIELDS)
