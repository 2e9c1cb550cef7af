"""A shopper returns and exchanges: four short steps from the order's link, and a page of what becomes of it."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_scope, platform_scope
from orders.models import Order, OrderLine, Product, Variant
from orders.schemas import LineIn
from returns import commands
from returns.models import Return
from returns.policy.commands import save_policy
from returns.policy.models import BoughtProduct
from returns.reasons import REASONS, Reason, set_reasons
from returns.requesting import RequestedLine, RequestedReturn
from returns.states import Approval, Side
from tests import factories
from tests.api_client import ApiClient
from tests.portal.scenes import token_of
from tests.portal.test_problems import photo, upload
from tests.returns.conftest import delivered, rules
from tests.returns.policy.test_judging import policy, rule

LINES = [
    LineIn(external_id="L1", title="Sweater", variant="M", quantity=2, unit_price=Decimal(89), sku="SW-M"),
    LineIn(external_id="L2", title="Loafer", variant="42", quantity=1, unit_price=Decimal(129), sku="LO-42"),
]


@pytest.fixture
def order(merchant: Merchant) -> Order:
    with merchant_scope(merchant):
        for title, variants in (("Sweater", {"SW-M": 5, "SW-L": 1, "SW-S": 0}), ("Coat", {"COAT": 5})):
            product = Product.objects.create(
                merchant=merchant,
                external_id=title,
                title=title,
                created_at=timezone.now(),
                updated_at=timezone.now(),
            )
            for place, (sku, left) in enumerate(variants.items()):
                Variant.objects.create(
                    merchant=merchant, product=product, external_id=f"V-{sku}", position=place, sku=sku,
                    title=sku[-1], price=Decimal(89 if title == "Sweater" else 150), currency="EUR",
                    inventory_quantity=left,
                )  # fmt: skip
    return delivered(merchant, lines=LINES)


def path(order: Order, rest: str = "return/") -> str:
    return f"/p/nordwind/o/{token_of(order)}/{rest}"


def line(order: Order, external_id: str) -> str:
    with platform_scope("a test looks"):
        return str(OrderLine.objects.get(order=order, external_id=external_id).pk)


def all_returns() -> list[Return]:
    with platform_scope("a test looks"):
        return list(Return.objects.prefetch_related("lines__line", "photos", "exchanges"))


def answered(key: str, **values: str) -> dict[str, str]:
    """The answers about one piece, as the forms carry them from step to step."""
    return {"item": key, **{f"{name.replace('_', '-')}-{key}": value for name, value in values.items()}}


def sent(client: Client, order: Order, piece: str, **values: Any) -> Any:
    given = {"count": "1", "reason": "too_small", "resolution": "refund", **values}
    more = {
        name: given.pop(name)
        for name in ("method", "text", "photos", "key", "gift", "gift_email")
        if name in given
    }
    return client.post(path(order), {**answered(piece, **given), "method": "own", **more})


def test_the_order_leads_to_a_return_and_back(
    order: Order, client: Client, django_assert_num_queries: Any
) -> None:
    assert f'href="{path(order)}"' in client.get(path(order, "")).content.decode()
    page = client.get(path(order)).content.decode()
    assert "Step 1 of 4" in page
    assert len(re.findall(r'name="item"', page)) == 2
    assert "Returnable until" in page


def test_four_steps_end_in_a_return(order: Order, client: Client) -> None:
    key = line(order, "L1")
    reasons = client.get(path(order), {"step": "reason", "item": key, f"count-{key}": "2"}).content.decode()
    assert "Step 2 of 4" in reasons
    assert f'name="count-{key}" value="2"' in reasons
    offers = client.get(path(order), {"step": "resolution", **answered(key, count="1", reason="too_small")})
    shown = offers.content.decode()
    # What fits comes first, nothing is ticked, and the refund stands there with its money.
    assert shown.index("Another size or colour") < shown.index("Refund")
    assert "€89.00" in shown
    assert "checked" not in shown
    last = client.get(
        path(order), {"step": "confirm", **answered(key, count="2", reason="too_small", resolution="refund")}
    ).content.decode()
    assert "You get back" in last
    assert "€178.00" in last
    assert all_returns() == []  # Nothing is asked for by looking.

    answer = sent(client, order, key, count="2", text="Runs small.")
    [ret] = all_returns()
    assert answer.status_code == 303
    assert answer["Location"] == path(order, f"returns/{public_id('ret', ret.id)}/")
    [row] = ret.lines.all()
    assert (row.quantity, row.reason, row.resolution, ret.method) == (2, "too_small", "refund", "own")
    status = client.get(answer["Location"]).content.decode()
    assert ret.number in status
    assert "Runs small." in status
    assert ret.number in client.get(path(order, "")).content.decode()


def test_a_form_that_is_sent_twice_is_one_return(order: Order, client: Client) -> None:
    for _ in range(2):
        assert sent(client, order, line(order, "L1"), key="abc").status_code == 303
    assert len(all_returns()) == 1


@pytest.mark.parametrize(
    ("step", "values", "shown", "words"),
    [
        ("reason", {}, "Step 1 of 4", "Please choose what you send back."),
        ("resolution", {"count": "1"}, "Step 2 of 4", "Sweater: please choose a reason."),
        ("confirm", {"reason": "quality"}, "Step 3 of 4", "Sweater: please choose what you would like."),
        (
            "confirm",
            {"reason": "too_small", "resolution": "exchange"},
            "Step 3 of 4",
            "please choose what you get",
        ),
    ],
)
def test_a_step_that_lacks_an_answer_is_shown_again(
    order: Order, client: Client, step: str, values: dict[str, str], shown: str, words: str
) -> None:
    data = answered(line(order, "L1"), **values) if values else {}
    answer = client.get(path(order), {"step": step, **data})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert shown in page
    assert words in page


def test_another_size_is_chosen_among_those_that_there_are(order: Order, client: Client) -> None:
    key = line(order, "L1")
    page = client.get(path(order), {"step": "resolution", **answered(key, count="1", reason="too_small")})
    shown = page.content.decode()
    assert '<option value="V-SW-L">L – only 1 left</option>' in shown
    assert '<option value="V-SW-S" disabled>S – sold out</option>' in shown
    assert "V-SW-M" not in shown  # what was sent is no exchange
    answer = sent(client, order, key, resolution="exchange", variant_exchange="V-SW-L")
    assert answer.status_code == 303
    [ret] = all_returns()
    assert ret.lines.all()[0].exchange_variant == "V-SW-L"


def test_a_size_that_is_sold_out_between_two_steps_is_told_and_nothing_is_lost(
    merchant: Merchant, order: Order, client: Client
) -> None:
    with merchant_scope(merchant):
        Variant.objects.filter(external_id="V-SW-L").update(inventory_quantity=0)
    answer = sent(
        client, order, line(order, "L1"), resolution="exchange", variant_exchange="V-SW-L", text="Red please"
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "sold out" in page
    assert "Red please" in page
    assert all_returns() == []


def test_what_came_broken_is_shown_in_photos_that_are_drawn_anew(order: Order, client: Client) -> None:
    key = line(order, "L2")
    last = client.get(
        path(order), {"step": "confirm", **answered(key, count="1", reason="damaged", resolution="refund")}
    ).content.decode()
    assert 'type="file"' in last
    assert sent(client, order, key, reason="damaged", photos=upload(photo())).status_code == 303
    [ret] = all_returns()
    [picture] = ret.photos.all()
    own = path(order, f"returns/{public_id('ret', ret.id)}/photos/{public_id('rph', picture.id)}/")
    assert own in client.get(path(order, f"returns/{public_id('ret', ret.id)}/")).content.decode()
    shown = client.get(own)
    assert shown["Content-Type"] == "image/jpeg"
    assert b"Cam-Maker" not in shown.content


@pytest.mark.parametrize("body", [b"<script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_a_photo_that_is_none_is_refused(order: Order, client: Client, body: bytes) -> None:
    answer = sent(client, order, line(order, "L2"), reason="damaged", photos=upload(body))
    assert answer.status_code == 422
    assert "is not a photo that we can read" in answer.content.decode()
    assert all_returns() == []


def test_goods_that_are_in_a_return_already_cannot_be_chosen_again(order: Order, client: Client) -> None:
    key = line(order, "L2")
    assert sent(client, order, key).status_code == 303
    page = client.get(path(order)).content.decode()
    assert "You have returned it already." in page
    assert sent(client, order, key, key="other").status_code == 422
    assert len(all_returns()) == 1


def test_who_got_a_gift_returns_it_for_credit(order: Order, client: Client) -> None:
    key = line(order, "L2")
    offers = client.get(
        path(order), {"step": "resolution", "gift": "1", **answered(key, count="1", reason="too_big")}
    )
    assert 'value="store_credit"' in offers.content.decode()
    assert 'value="refund"' not in offers.content.decode()
    refused = sent(client, order, key, gift="1", resolution="store_credit")
    assert refused.status_code == 422
    assert "Please enter the e-mail address" in refused.content.decode()
    answer = sent(client, order, key, gift="1", resolution="store_credit", gift_email="friend@example.com")
    assert answer.status_code == 303
    [ret] = all_returns()
    assert (ret.gift, ret.gift_email) == (True, "friend@example.com")


def test_fees_and_what_is_kept_are_shown_before_anything_is_sent(merchant: Merchant, client: Client) -> None:
    rules(merchant, fees={"flat": "5.90", "restocking_percent": "10"})
    order = delivered(merchant, lines=LINES)
    key = line(order, "L2")
    offers = client.get(path(order), {"step": "resolution", **answered(key, count="1", reason="too_late")})
    page = offers.content.decode()
    assert "€116.10" in page  # 129 less 10 %
    assert "€5.90" in page
    last = client.get(
        path(order), {"step": "confirm", **answered(key, count="1", reason="too_late", resolution="refund")}
    ).content.decode()
    assert "€110.20" in last


def test_what_is_over_says_so_and_cannot_be_forced(merchant: Merchant, client: Client) -> None:
    rules(merchant, window=1)
    order = delivered(merchant, lines=LINES)
    with merchant_scope(merchant):
        order.shipments.update(delivered_at=timezone.now() - timedelta(days=3))
    page = client.get(path(order)).content.decode()
    if "nothing of this order can be returned" not in page:
        pytest.fail(page[-2000:])
    assert sent(client, order, line(order, "L1")).status_code == 422
    assert all_returns() == []


def test_a_return_can_be_cancelled_while_nothing_was_sent(
    merchant: Merchant, order: Order, client: Client
) -> None:
    sent(client, order, line(order, "L1"))
    [ret] = all_returns()
    here = path(order, f"returns/{public_id('ret', ret.id)}/")
    assert "Keep everything?" in client.get(here + "cancel/").content.decode()
    assert all_returns()[0].approval_state != Approval.CANCELLED
    assert client.post(here + "cancel/").status_code == 303
    assert all_returns()[0].approval_state == Approval.CANCELLED
    assert "Cancelled" in client.get(here).content.decode()


def test_the_number_of_ones_own_parcel_is_followed(merchant: Merchant, order: Order, client: Client) -> None:
    sent(client, order, line(order, "L1"))
    [ret] = all_returns()
    commands.approve(merchant, ret.id)
    here = path(order, f"returns/{public_id('ret', ret.id)}/")
    assert "Please send it now." in client.get(here).content.decode()
    slip = client.get(here + "files/slip/")
    assert (slip["Content-Type"], slip.content[:5]) == ("application/pdf", b"%PDF-")
    assert client.get(here + "files/label/").status_code == 404
    assert client.post(here + "sent/", {"tracking_number": "00340434161094042557"}).status_code == 303
    assert all_returns()[0].tracking_number == "00340434161094042557"
    # The parcel on its way back is none of the parcels that the shopper waits for.
    assert "00340434161094042557" not in client.get(path(order, "")).content.decode()
    assert "1 of 2" not in client.get(f"/p/nordwind/t/{token_of(order)}/").content.decode()


def test_a_question_of_the_shop_is_answered_on_the_page(
    merchant: Merchant, order: Order, client: Client
) -> None:
    sent(client, order, line(order, "L1"))
    [ret] = all_returns()
    commands.ask(merchant, ret.id, "Which seam?")
    here = path(order, f"returns/{public_id('ret', ret.id)}/")
    assert "Which seam?" in client.get(here).content.decode()
    assert client.post(here, {"text": ""}).status_code == 422
    assert client.post(here, {"text": "The left one."}).status_code == 303
    assert all_returns()[0].approval_state == Approval.REQUESTED


def test_another_orders_return_is_as_absent_as_none(merchant: Merchant, order: Order, client: Client) -> None:
    sent(client, order, line(order, "L1"))
    [ret] = all_returns()
    stranger = factories.order(merchant, email="b@example.com")
    for rest in ("", "cancel/"):
        answer = client.get(path(stranger, f"returns/{public_id('ret', ret.id)}/{rest}"))
        assert answer.status_code == 404
    assert client.post(path(stranger, f"returns/{public_id('ret', ret.id)}/cancel/")).status_code == 404
    assert all_returns()[0].approval_state != Approval.CANCELLED


def test_the_way_speaks_german(order: Order, client: Client) -> None:
    key = line(order, "L1")
    page = client.get(path(order) + "?lang=de", {"step": "reason", "item": key})
    for step, values in (("reason", {}), ("resolution", {"reason": "too_small"})):
        page = client.get(path(order), {"lang": "de", "step": step, **answered(key, count="1", **values)})
        assert "Schritt" in page.content.decode()


def own_reasons(merchant: Merchant) -> None:
    usual = REASONS["changed_mind"], REASONS["damaged"]
    fit = Reason("fit", "", words={"en": "Does not fit"}, types=("Sweater",))
    sleeves = Reason("sleeves", "", words={"en": "Sleeves too long"}, parent="fit")
    assert set_reasons(merchant, [fit, sleeves, *usual])


def test_the_reasons_are_those_of_the_products_type_and_sub_reasons_stand_below(
    merchant: Merchant, order: Order, client: Client, api: ApiClient
) -> None:
    """R24."""
    own_reasons(merchant)
    with merchant_scope(merchant):
        Product.objects.filter(title="Sweater").update(product_type="sweater")
    sweater, loafer = line(order, "L1"), line(order, "L2")
    page = client.get(path(order), {"step": "reason", "item": [sweater, loafer]}).content.decode()
    chips = re.findall(r'name="reason-([^"]+)" value="(\w+)"', page)
    assert chips == [(sweater, "fit"), (sweater, "sleeves"), (sweater, "changed_mind"), (sweater, "damaged"),
                     (loafer, "changed_mind"), (loafer, "damaged")]  # fmt: skip
    rows = api.get(f"orders/{public_id('ord', order.id)}/returnable").json()["lines"]
    assert [row["reasons"] for row in rows] == [
        ["fit", "sleeves", "changed_mind", "damaged"], ["changed_mind", "damaged"],
    ]  # fmt: skip
    refused = client.get(path(order), {"step": "resolution", **answered(loafer, count="1", reason="fit")})
    assert refused.status_code == 422
    assert "Loafer: please choose a reason." in refused.content.decode()
    with merchant_scope(merchant):  # as it was bought counts, whatever it is called today
        Product.objects.filter(title="Sweater").update(product_type="Sale")
        BoughtProduct.objects.create(merchant=merchant, line_id=sweater, type="sweater")
    last = {"step": "confirm", **answered(sweater, count="1", reason="sleeves", resolution="refund")}
    assert "Does not fit · Sleeves too long" in client.get(path(order), last).content.decode()
    assert sent(client, order, sweater, reason="fit").status_code == 303  # without a sub-reason
    answer = sent(client, order, sweater, reason="sleeves")
    assert "Does not fit · Sleeves too long" in client.get(answer["Location"]).content.decode()
    assert sorted(ret.lines.all()[0].reason for ret in all_returns()) == ["fit", "sleeves"]


def test_a_rule_about_a_reason_holds_for_its_sub_reasons(merchant: Merchant) -> None:
    own_reasons(merchant)
    save_policy(merchant, policy(rule(("reason", "is", "fit"), name="Fit", final_sale=True)))
    order = delivered(merchant, lines=LINES)
    wanted = RequestedReturn([RequestedLine(UUID(line(order, "L1")), reason="sleeves")])
    with pytest.raises(Unprocessable, match="final sale"):
        commands.request_return(merchant, order.id, wanted, by=Side.SHOPPER)
