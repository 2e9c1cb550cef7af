"""Returns in figures: counted by hand here, in the API, as CSV and on their page."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from analytics.queries import Period
from analytics.returns.queries import Count, return_figures
from merchants import commands as merchant_commands
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order, OrderLine, Product, Variant
from orders.schemas import LineIn
from returns.commands import cancel, request_return
from returns.models import Return, ReturnLine
from returns.policy.models import BoughtProduct
from returns.reasons import REASONS, set_reasons
from returns.requesting import RequestedLine, RequestedReturn
from returns.states import Side
from returns.withdrawal.commands import declare
from returns.withdrawal.models import Source
from returns.withdrawal.steps import Declaration
from returns.withdrawal.way_back import open_way
from tests.api_client import ApiClient
from tests.returns.policy.test_verdicts import delivered

LINES = [
    LineIn(title="Sweater", quantity=2, unit_price=Decimal(50), external_id="L1", sku="SW"),
    LineIn(title="=Mug", quantity=1, unit_price=Decimal(10), external_id="L2", sku="MUG"),
]


def back(
    merchant: Merchant, order: Order, name: str, reason: str, resolution: str = "refund", count: int = 1
) -> Return:
    with merchant_scope(merchant):
        line = order.lines.get(external_id=name)
    wanted = RequestedLine(line.id, count, reason=reason, resolution=resolution)
    return request_return(merchant, order.id, RequestedReturn([wanted]), by=Side.TEAM)


@pytest.fixture(params=[time(0, 30), time(23, 30)])
def today(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, merchant: Merchant) -> date:
    """A day of the merchant's: half an hour of it is over, which is still yesterday in UTC, or half an hour is left."""
    zone = ZoneInfo(merchant.timezone)
    now = datetime.combine(timezone.localdate(timezone=zone), request.param, zone)
    monkeypatch.setattr(timezone, "now", lambda: now.astimezone(UTC))
    return now.date()


@pytest.fixture
def returned(merchant: Merchant, today: date) -> Merchant:
    """Six orders of three items: five sweaters came back, four for their size; a mug was kept; one was called off."""
    orders = [delivered(merchant, 2, email=f"a{n}@example.test", lines=LINES) for n in range(6)]
    for order in orders[:4]:
        back(merchant, order, "L1", "too_small", "replacement" if order is orders[0] else "refund")
    back(merchant, orders[4], "L1", "changed_mind", "store_credit")
    mug = back(merchant, orders[4], "L2", "")
    cancel(merchant, back(merchant, orders[5], "L1", "quality").id, by=Side.TEAM)
    now = timezone.now()
    with merchant_scope(merchant):
        Return.objects.filter(closed_at=None).update(settled_at=None)
        Return.objects.filter(pk=mug.pk).update(requested_at=now - timedelta(days=2), settled_at=now)
        ReturnLine.objects.filter(ret=mug).update(keep=True)
        ReturnLine.objects.filter(resolution="store_credit").update(bonus_percent=10)
    return merchant


def test_the_figures_of_a_period(
    returned: Merchant, today: date, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with merchant_scope(Merchant.objects.get(pk=returned.pk)):  # as a request finds it
        with django_assert_num_queries(7):
            found = return_figures(Period.ending(today, 30))
        nothing = return_figures(Period(today - timedelta(days=400), today - timedelta(days=380)))
    assert (found.returns, found.items, found.bought, found.rate) == (6, 6, 18, 6 / 18)
    assert (found.paid, found.kept, found.kept_share) == (
        Decimal(260),
        Decimal(100),
        pytest.approx(100 / 260),
    )
    assert found.cost == Decimal(10) + Decimal(5)  # the mug that was kept, and ten percent of the credit
    assert found.cost_each == Decimal("2.5")
    assert found.refund_seconds == (pytest.approx(2 * 86_400), pytest.approx(2 * 86_400))
    assert found.reasons == {
        "too_small": Count(4, Decimal(200)), "": Count(1, Decimal(10)), "changed_mind": Count(1, Decimal(50)),
    }  # fmt: skip
    assert {name: count.items for name, count in found.resolutions.items()} == {
        "refund": 4, "replacement": 1, "store_credit": 1,
    }  # fmt: skip
    sweater, mug = found.products
    assert (sweater.returned, sweater.bought, sweater.fault) == (5, 12, "too_small")
    assert (mug.sku, mug.returned, mug.bought, mug.fault) == ("MUG", 1, 6, "")
    [untyped] = found.types
    assert (untyped.type, untyped.returned, untyped.bought, untyped.faults) == ("", 6, 18, 4)
    assert (nothing.returns, nothing.rate, nothing.cost_each, nothing.products) == (0, None, None, ())


def test_the_api_the_page_and_the_csv_tell_the_same(
    returned: Merchant, today: date, stranger: Merchant, api: ApiClient, strangers_api: ApiClient
) -> None:
    told = api.get("analytics/returns").json()
    assert told["last"] == today.isoformat()
    assert (told["returns"], told["kept_share"], told["days_to_refund_p50"]) == (6, 0.3846, 2.0)
    assert told["products"][0] == {
        "sku": "SW", "title": "Sweater", "returned": 5, "bought": 12, "rate": 0.4167, "top_reason": "too_small",
        "fault": "too_small",
    }  # fmt: skip
    assert strangers_api.get("analytics/returns").json()["returns"] == 0
    usual = [
        replace(reason, parent="quality") if code == "too_small" else reason
        for code, reason in REASONS.items()
    ]
    set_reasons(returned, usual)
    with merchant_scope(returned):
        [first, *_rest] = return_figures(Period.ending(today, 30)).by_whole_reason
    assert (first.code, first.whole, first.subs) == (
        "quality", Count(4, Decimal(200)), {"too_small": Count(4, Decimal(200))},
    )  # fmt: skip
    told = api.get("analytics/returns").json()
    assert next((row["reason"], row["parent"]) for row in told["reasons"]) == ("too_small", "quality")
    assert strangers_api.get("analytics/returns").json()["types"] == []
    assert api.get("analytics/returns?from=x").status_code == 400
    member = merchant_commands.add_member(returned, email="o@nordwind.test", password="lighthouse-9-keeper")
    owner = Client()
    owner.force_login(member.user)
    page = owner.get("/app/nordwind/reports/returns/").content.decode()
    for part in ("33.3 %", "38.5 %", "€2.50", "Too small", "No reason given", "Download as CSV"):
        assert part in page
    lines = owner.get("/app/nordwind/reports/returns.csv").content.decode().splitlines()
    assert lines[1:] == ["SW,Sweater,5,12,0.4167,too_small,too_small", "MUG,'=Mug,1,6,0.1667,,"]


def test_types_of_products_as_they_were_bought_and_what_speaks_against_them(
    returned: Merchant, today: date, stranger: Merchant
) -> None:
    now = timezone.now()
    for owner, kinds in ((returned, {"SW": "Knitwear", "MUG": ""}), (stranger, {"SW": "Theirs"})):
        with merchant_scope(owner):
            for sku, kind in kinds.items():
                product = Product.objects.create(
                    merchant=owner,
                    external_id=sku,
                    title=sku,
                    product_type=kind,
                    created_at=now,
                    updated_at=now,
                )
                Variant.objects.create(
                    merchant=owner, product=product, external_id=sku, sku=sku, price=1, currency="EUR"
                )
    with merchant_scope(returned):
        once = OrderLine.objects.filter(sku="SW").earliest("order__placed_at", "id")
        BoughtProduct.objects.create(merchant=returned, line=once, type="sale")
        declared = declare(returned, Declaration(now, Source.LINK, name="A", order_id=once.order_id))
        open_way(returned, declared.pk)  # the other sweater of that order, and its mug
        types = {row.type: row for row in return_figures(Period.ending(today, 30)).types}
    assert {name: (row.returned, row.bought) for name, row in types.items()} == {
        "knitwear": (4, 10), "sale": (2, 2), "": (2, 6),
    }  # fmt: skip
    assert types["knitwear"].reasons == {"too_small": 3, "changed_mind": 1}
    assert (types["knitwear"].faults, types["knitwear"].fault_share) == (3, 0.75)
    assert types["sale"].reasons == {"too_small": 1, "withdrawal": 1}
    assert types[""].reasons == {"": 1, "withdrawal": 1}
    member = merchant_commands.add_member(returned, email="o@nordwind.test", password="lighthouse-9-keeper")
    owner = Client()
    owner.force_login(member.user)
    page = owner.get("/app/nordwind/reports/returns/").content.decode()
    for part in ("knitwear", "75.0 %", "Too small (3), Changed my mind (1)", "Without a type", "Withdrawal"):
        assert part in page
