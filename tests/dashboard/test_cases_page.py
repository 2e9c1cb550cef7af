"""The team's cases: the list by whose turn it is, and one case with its answer."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from cases import commands
from cases.models import Case, CaseKind, CaseStatus, Side
from cases.steps import Report
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from tests import factories


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return factories.order(merchant)


@pytest.fixture
def case(merchant: Merchant, order: Order) -> Case:
    report = Report(CaseKind.DAMAGED, "<b>The handle</b> has come off.", photos=[b"\xff\xd8jpeg"])
    return commands.open_case(merchant, order.id, None, report)


def path(case: Case, rest: str = "") -> str:
    return f"/app/nordwind/cases/{public_id('cas', case.id)}/{rest}"


def test_the_list_shows_what_is_to_answer_first(
    merchant: Merchant, case: Case, owner: Client, django_assert_max_num_queries: Any
) -> None:
    done = commands.open_case(merchant, factories.order(merchant).id, None, Report(CaseKind.WRONG_ITEM))
    commands.close(merchant, done.id, side=Side.TEAM)
    with django_assert_max_num_queries(9):
        html = owner.get("/app/nordwind/cases/").content.decode()
    assert "Damaged item" in html
    assert path(done) not in html
    assert path(done) in owner.get("/app/nordwind/cases/?tab=closed").content.decode()
    assert "open: </span>1</b>" in html


def test_an_answer_goes_out_and_stands_in_the_history(merchant: Merchant, case: Case, owner: Client) -> None:
    page = owner.get(path(case)).content.decode()
    assert "&lt;b&gt;The handle&lt;/b&gt; has come off." in page
    assert owner.post(path(case, "answer/"), {"text": " "}).status_code == 422
    owner.post(path(case, "answer/"), {"text": "A new one is on its way.", "then": "close"})
    with merchant_scope(merchant):
        case.refresh_from_db()
        assert case.status == CaseStatus.CLOSED
        assert case.entries.get(kind="answer").author == "owner@nordwind.test"
    page = owner.get(path(case)).content.decode()
    assert "A new one is on its way." in page
    assert f'action="{path(case, "reopen/")}"' in page
    owner.post(path(case, "reopen/"))
    with merchant_scope(merchant):
        case.refresh_from_db()
    assert case.status == CaseStatus.OPEN


def test_a_photo_is_served_as_a_picture_and_nothing_else(
    merchant: Merchant, case: Case, owner: Client
) -> None:
    with merchant_scope(merchant):
        photo = case.photos.get()
    answer = owner.get(path(case, f"photos/{public_id('cph', photo.id)}/"))
    assert answer.content == b"\xff\xd8jpeg"
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert Client().get(path(case, f"photos/{public_id('cph', photo.id)}/")).status_code == 302


def test_a_case_is_given_to_somebody_who_may_act(
    merchant: Merchant, case: Case, owner: Client, desk: Callable[..., Client]
) -> None:
    desk(merchant, "analyst")
    page = owner.get(path(case)).content.decode()
    assert ">analyst@nordwind.test" not in page
    person = merchant.memberships.get(role="owner").user_id
    owner.post(path(case, "assign/"), {"person": str(person)})
    with merchant_scope(merchant):
        case.refresh_from_db()
    assert (case.assignee_id, case.assignee) == (person, "owner@nordwind.test")
    owner.post(path(case, "assign/"), {"person": str(merchant.memberships.get(role="analyst").user_id)})
    with merchant_scope(merchant):
        case.refresh_from_db()
    assert (case.assignee_id, case.assignee) == (None, "")


def test_the_orders_timeline_leads_to_the_case(
    merchant: Merchant, case: Case, order: Order, owner: Client, drain_all: Callable[[], int]
) -> None:
    drain_all()
    html = owner.get(f"/app/nordwind/orders/{public_id('ord', order.id)}/").content.decode()
    assert f'<a href="{path(case)}">Case opened</a>' in html
