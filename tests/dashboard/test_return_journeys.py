"""What a shopper can get for what comes back, each from the page to its end, as shopper, team and shop do it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order, OrderLine
from orders.queries import token_of
from returns.models import Return
from returns.money.commands import confirm_refund, fail_refund, money_of
from returns.money.models import CreditEntry, Refund
from tests import factories
from tests.api_client import ApiClient
from tests.portal.test_problems import photo, upload
from tests.returns.conftest import LINES, delivered, rules
from tests.returns.test_exchanges import sell

ANY = {"resolutions": ["exchange", "exchange_other", "instant_exchange", "store_credit", "refund"]}


class Journey:
    """A shopper with an order's link, the team at its desk, and the shop's backend."""

    def __init__(self, merchant: Merchant, order: Order, team: Client, api: ApiClient) -> None:
        self.merchant, self.order, self.team, self.api, self.shopper = merchant, order, team, api, Client()
        self.link = f"/p/nordwind/o/{token_of(order)}/"

    def line(self, external_id: str = "L1") -> OrderLine:
        with merchant_scope(self.merchant):
            return self.order.lines.get(external_id=external_id)

    def ask(self, reason: str, resolution: str, line: str = "L1", **more: Any) -> Return:
        """The last of the four steps, with everything that was answered before."""
        key = str(self.line(line).pk)
        variant = {f"variant-{key}": more.pop("variant")} if "variant" in more else {}
        form = {"item": key, f"count-{key}": "1", f"reason-{key}": reason, f"resolution-{key}": resolution,
                "method": "own", **variant, **more}  # fmt: skip
        answer = self.shopper.post(self.link + "return/", form)
        assert answer.status_code == 303, answer.content.decode()
        return self.now()

    def now(self) -> Return:
        with merchant_scope(self.merchant):
            return Return.objects.prefetch_related("lines", "exchanges").get(order=self.order)

    def page(self) -> str:
        return self.shopper.get(f"{self.link}returns/{public_id('ret', self.now().pk)}/").content.decode()

    def act(self, do: str, **form: Any) -> str:
        """The team presses a button on the page of the return. Returns the page that follows."""
        path = f"/app/nordwind/returns/{public_id('ret', self.now().pk)}/act/"
        answer = self.team.post(path, {"do": do, **form}, follow=True)
        assert answer.status_code == 200, answer.content.decode()
        return answer.content.decode()

    def bring(self, **found: Any) -> None:
        """It comes back whole and is inspected."""
        [line] = self.now().lines.all()
        self.act("receive", **{f"came-{line.pk}": "1"})
        self.act("inspect", **{f"accepted-{line.pk}": "1", **{f"{k}-{line.pk}": v for k, v in found.items()}})

    def confirm_money(self, drain: Callable[[], int]) -> None:
        with merchant_scope(self.merchant):
            open_ = list(Refund.objects.filter(state="requested").values_list("pk", flat=True))
        for pk in open_:
            confirm_refund(self.merchant, pk)
        while drain():
            pass


@pytest.fixture
def journey(merchant: Merchant, owner: Client, api: ApiClient) -> Journey:
    sell(merchant)
    rules(merchant, auto_approve=True, refund_trigger="receipt", **ANY)
    return Journey(merchant, delivered(merchant), owner, api)


def long_ago(merchant: Merchant) -> Order:
    """An order that was delivered 200 days ago."""
    then = timezone.now() - timedelta(days=200)
    order = factories.order(merchant, lines=LINES, placed_at=then - timedelta(days=2))
    factories.scan(merchant, factories.shipment(merchant, order), "delivered", then)
    return order


@pytest.mark.parametrize("resolution", ["repair", "replacement"])
def test_what_breaks_long_after_the_window_is_mended_or_replaced_without_a_fee(
    merchant: Merchant, owner: Client, api: ApiClient, drain_all: Callable[[], int], resolution: str
) -> None:
    """R26: apart from a change of mind: no window, no fee, judged by people."""
    rules(merchant, fees={"flat": "9.90"}, window=30)
    shop = Journey(merchant, long_ago(merchant), owner, api)
    over = shop.shopper.get(shop.link + "return/").content.decode()
    assert "200 days since delivery" in over
    assert "?kind=warranty" in over
    key = str(shop.line().pk)
    asked = {"kind": "warranty", "item": key, "step": "reason"}
    reasons = shop.shopper.get(shop.link + "return/", asked).content.decode()
    assert "Defective" in reasons
    assert "Changed my mind" not in reasons
    answered = {**asked, "step": "resolution", f"reason-{key}": "defective"}
    offers = shop.shopper.get(shop.link + "return/", answered).content.decode()
    places = [offers.index(f'value="{one}"') for one in ("repair", "replacement", "refund", "store_credit")]
    assert places == sorted(places)  # as the law has it, whatever the reason suggests
    ret = shop.ask("defective", resolution, kind="warranty", photos=upload(photo()))
    assert (ret.kind, ret.approval_state, ret.fee) == ("warranty", "review", 0)
    assert "Defect" in owner.get("/app/nordwind/returns/?tab=review").content.decode()
    shop.act("approve")
    shop.bring(
        condition="defective", disposition="send_back" if resolution == "repair" else "destroy", grade="C"
    )
    if resolution == "replacement":
        assert "To be sent by you" in shop.act("note", text="x")
        new = factories.order(merchant)
        assert "Ordered" in shop.act("ordered", order=new.number)
    assert shop.now().closed_at is not None
    assert "All is settled" in shop.page() or resolution == "repair"
    with merchant_scope(merchant):
        assert money_of(shop.order).refunded == 0


def test_an_item_that_is_kept_is_refunded_and_sent_nowhere(
    merchant: Merchant, owner: Client, api: ApiClient, drain_all: Callable[[], int]
) -> None:
    """R14."""
    rules(merchant, auto_approve=True, keep_item=True)
    shop = Journey(merchant, delivered(merchant), owner, api)
    ret = shop.ask("damaged", "refund", photos=upload(photo()), method="")
    assert (ret.method, ret.money_state) == ("", "pending")
    assert "There is nothing to send" in shop.page() or "Money on its way" in shop.page()
    shop.confirm_money(drain_all)
    assert "Settled" in shop.page()
    with merchant_scope(merchant):
        assert money_of(shop.order).refunded == Decimal("89.00")


def test_an_instant_exchange_goes_off_against_a_hold_that_the_shop_reports(
    merchant: Merchant, journey: Journey, drain_all: Callable[[], int]
) -> None:
    """R12."""
    journey.ask("too_small", "instant_exchange", variant="v-SW-L")
    assert "Waits for a hold" in journey.act("note", text="x")
    drain_all()
    told = {row["type"]: row["data"] for row in journey.api.get("events", limit="100").json()["data"]}
    assert told["exchange.hold_requested"]["amount"] == "89.0000"
    journey.act("held", reference="auth-1")
    assert "held" in journey.act("ordered", order=factories.order(merchant).number)
    journey.bring()
    exchange = journey.now().exchanges.all()[0]
    assert (exchange.state, exchange.hold, exchange.hold_reference) == ("ordered", "released", "auth-1")
    assert "Settled" in journey.page()
    with merchant_scope(merchant):
        assert not Refund.objects.exists()


@pytest.mark.parametrize(("line", "variant", "pays"), [("L1", "v-COAT", "60"), ("L2", "v-SW-L", "-40")])
def test_another_product_is_exchanged_with_the_difference(
    merchant: Merchant, journey: Journey, drain_all: Callable[[], int], line: str, variant: str, pays: str
) -> None:
    """R9, R10: what it costs more is paid before it leaves, what it costs less goes back with it."""
    journey.ask("changed_mind", "exchange_other", line, variant=variant)
    if Decimal(pays) > 0:
        assert "The customer pays €60.00." in journey.act("link", url="https://shop.test/pay/1")
        assert 'href="https://shop.test/pay/1"' in journey.page()
        journey.act("paid")
    journey.bring()
    journey.confirm_money(drain_all)
    assert "Ordered" in journey.act("ordered", order=factories.order(merchant).number)
    assert journey.now().money_state == "done"
    with merchant_scope(merchant):
        assert money_of(journey.order).refunded == max(-Decimal(pays), 0)


def test_a_present_comes_back_for_credit_of_who_got_it(
    merchant: Merchant, journey: Journey, drain_all: Callable[[], int]
) -> None:
    """R1: and who gave it keeps what was paid."""
    journey.ask("too_big", "store_credit", gift="1", gift_email="friend@example.test")
    journey.bring()
    drain_all()
    with merchant_scope(merchant):
        credit = CreditEntry.objects.select_related("customer").get()
        assert (credit.amount, credit.customer.email) == (Decimal("89.00"), "friend@example.test")
        assert not Refund.objects.exists()
    assert "89.00" not in journey.page().split("What happened")[1]


def test_a_label_that_no_maker_makes_and_money_that_failed_are_put_right_by_the_team(
    merchant: Merchant, journey: Journey, drain_all: Callable[[], int]
) -> None:
    ret = journey.ask("too_big", "refund", method="label")
    page = journey.act("note", text="x")
    assert "Send the label yourself" in page
    pdf = upload(b"%PDF-1.7 a label", "label.pdf")
    assert "Ready" in journey.act("label", pdf=pdf, number="SBX-LABEL-1", carrier="sandbox")
    got = journey.shopper.get(f"{journey.link}returns/{public_id('ret', ret.pk)}/files/label/")
    assert got.content.startswith(b"%PDF-")
    [line] = ret.lines.all()
    journey.act("receive", **{f"came-{line.pk}": "1"})
    found = {f"accepted-{line.pk}": "1", f"found-{line.pk}": "A stain", f"photos-{line.pk}": upload(photo())}
    assert "A stain" in journey.act("inspect", **found)
    with merchant_scope(merchant):
        failed = Refund.objects.get()
    fail_refund(merchant, failed.pk)
    drain_all()
    assert "Ask for the money again" in journey.act("note", text="y")
    journey.act("pay")
    with merchant_scope(merchant):
        states = sorted(Refund.objects.values_list("state", flat=True))
    assert states == ["failed", "requested"]
