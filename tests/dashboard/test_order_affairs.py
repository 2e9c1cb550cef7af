"""What became of an order afterwards, on its page: states and links, money, protection, goods without withdrawal."""

from decimal import Decimal

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from returns.claims.models import Cover
from returns.withdrawal.models import LineExemption
from tests import factories
from tests.api_client import ApiClient
from tests.dashboard import scene
from tests.dashboard.test_order_page import page_of, text_of


def path_of(order: Order, act: str = "") -> str:
    return f"/app/nordwind/orders/{public_id('ord', order.id)}/{act}"


def test_everything_stands_there_with_its_state_and_leads_to_its_page(
    merchant: Merchant, owner: Client, shop: scene.Scene
) -> None:
    with merchant_scope(merchant):
        withdrawal = scene.a_withdrawal(
            merchant, shop.order, order_id=shop.order.pk, status="open", number="W-ABC"
        )
    page = page_of(owner, shop.order)
    said = text_of(page)
    for words in (
        f"Return {shop.ret.number} €89.00", f"Claim {shop.claim.number} Arrived damaged €89.00",
        "Refund Goodwill By hand", "Withdrawal W-ABC", "To decide", "Waiting for the shop", "Can still be refunded",
    ):  # fmt: skip
        assert words in said, words
    for section, prefix, row in (
        ("returns", "ret", shop.ret), ("claims", "clm", shop.claim), ("refunds", "rfd", shop.refund),
        ("withdrawals", "wdr", withdrawal),
    ):  # fmt: skip
        assert f'href="/app/nordwind/{section}/{public_id(prefix, row.pk)}/"' in page

    def price() -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(owner, shop.order)
        return len(queries)

    few = price()
    with merchant_scope(merchant):
        for number in range(2, 6):
            scene.a_return(merchant, shop.order, sequence=number, number=f"R-{number}")
            scene.a_withdrawal(merchant, shop.order, order_id=shop.order.pk, number=f"W-{number}")
    assert price() == few


def test_the_team_protects_an_order_once_and_marks_goods(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant)
    assert "Not protected." in text_of(page_of(owner, order))
    for text in ("much", "-1", "99999"):
        assert (
            "is an amount"
            in owner.post(path_of(order, "protect/"), {"premium": text}, follow=True).content.decode()
        )
    owner.post(path_of(order, "protect/"), {"premium": "2,50"})
    owner.post(path_of(order, "protect/"), {"premium": "9"})
    assert "Protected for €2.50" in text_of(page_of(owner, order))
    with merchant_scope(merchant):
        line = order.lines.get()
    form = {f"exemption-{line.pk}": "perishable"}
    owner.post(path_of(order, "exempt/"), form)
    owner.post(path_of(order, "exempt/"), form)  # changes nothing
    owner.post(path_of(order, "exempt/"), {f"exemption-{line.pk}": "gold"})
    with merchant_scope(merchant):
        assert [(row.premium, row.source) for row in Cover.objects.all()] == [(Decimal("2.5"), "team")]
        assert [row.exemption for row in LineExemption.objects.all()] == ["perishable"]
        actions = list(AuditEntry.objects.order_by("occurred_at").values_list("action", flat=True))
        assert actions == ["cover.added", "withdrawal.exemption"]
    assert 'value="perishable" selected' in page_of(owner, order)
    owner.post(path_of(order, "exempt/"), {f"exemption-{line.pk}": ""})
    with merchant_scope(merchant):
        assert LineExemption.objects.count() == 0


def test_the_same_over_the_api(merchant: Merchant, api: ApiClient) -> None:
    order = factories.order(merchant)
    base = f"orders/{public_id('ord', order.id)}"
    line = api.get(f"{base}/exemptions").json()["lines"][0]["line"]
    assert api.get(f"{base}/cover").status_code == 404
    assert api.post(f"{base}/cover", {}).json()["id"] == api.get(f"{base}/cover").json()["id"]
    said = api.put(f"{base}/exemptions", {"lines": [{"line": line, "exemption": "digital"}]}).json()
    assert [each["exemption"] for each in said["lines"]] == ["digital"]
    for wrong, status in (
        ({"line": line, "exemption": "gold"}, 400),
        ({"line": "no", "exemption": None}, 422),
    ):
        assert api.put(f"{base}/exemptions", {"lines": [wrong]}).status_code == status
    assert api.get(f"{base}/exemptions").json() == said
