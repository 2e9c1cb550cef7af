"""Segments by REST, and what shops tell of customers beyond orders."""

from typing import Any

import pytest

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Customer
from tests import factories
from tests.api_client import ApiClient

TEA = {"match": "all", "conditions": [{"kind": "orders.at_least", "value": "1"}]}


@pytest.fixture
def customer(merchant: Merchant, drain_all: Any) -> Customer:
    order = factories.order(merchant, email="anna@x.test")
    drain_all()
    with merchant_scope(merchant):
        return Customer.objects.get(pk=order.customer_id)


def test_a_segment_lives_from_made_to_deleted(api: ApiClient, customer: Customer) -> None:
    assert api.post("segments/count", TEA).json() == {"customers": 1}
    made = api.post("segments", {"name": "Buyers", "rule": TEA})
    assert made.status_code == 201
    assert (made.json()["customers"], made.json()["built_in"], made.json()["rule"]) == (1, False, TEA)
    ref = made.json()["id"]
    [shown] = api.get(f"segments/{ref}/customers").json()["data"]
    assert shown["id"] == public_id("cus", customer.id)
    file = b"".join(api.get("exports/segment", segment_id=ref).streaming_content).decode()
    assert "anna@x.test" in file
    none = {"match": "all", "conditions": [{"kind": "orders.at_least", "value": "9"}]}
    assert api.patch(f"segments/{ref}", {"name": "Fans", "rule": none}).json()["customers"] == 0
    assert [row["name"] for row in api.get("segments").json()["data"] if not row["built_in"]] == ["Fans"]
    assert api.delete(f"segments/{ref}").json() == {"id": ref, "deleted": True}
    assert api.get(f"segments/{ref}").status_code == 404


def test_a_built_in_one_can_be_read_and_not_changed(api: ApiClient, customer: Customer) -> None:
    assert api.get("segments/new").json()["customers"] == 1
    assert api.patch("segments/new", {"name": "Old", "rule": TEA}).status_code == 404
    assert api.delete("segments/new").status_code == 404


@pytest.mark.parametrize(
    "rule", [{"match": "none"}, {"conditions": [{"kind": "mood.is"}]}, {"conditions": [{}] * 21}]
)
def test_a_rule_that_is_none_is_refused(api: ApiClient, rule: Any) -> None:
    assert api.post("segments/count", rule).status_code in (400, 422)
    assert api.post("segments", {"name": "Odd", "rule": rule}).status_code in (400, 422)
    assert all(row["built_in"] for row in api.get("segments").json()["data"])


def test_a_birthday_and_tags_are_told_and_taken_away(api: ApiClient, customer: Customer) -> None:
    path = f"customers/{public_id('cus', customer.id)}"
    told = api.patch(path, {"birthday": "1990-02-28", "tags": ["vip", " vip ", "b2b"]}).json()
    assert (told["birthday"], told["tags"]) == ("1990-02-28", ["b2b", "vip"])
    assert api.patch(path, {}).json()["birthday"] == "1990-02-28"
    assert api.patch(path, {"birthday": None}).json()["birthday"] is None
    assert api.patch("customers/cus_00000000000000000000000000", {"tags": []}).status_code == 404


def test_an_import_brings_birthdays_and_tags(api: ApiClient, customer: Customer) -> None:
    from events import due

    file = b'email,birthday,tags\nanna@x.test,1990-02-28,"vip, b2b"\nnew@x.test,,\n'
    made = api.client.post(
        "/api/v1/imports?kind=customers&start=yes", file, content_type="text/csv", headers=api._headers({})
    )
    assert made.status_code == 201, made.content
    for kind in due.kinds():
        if kind.startswith("imports"):
            due.run(kind)
    read = api.get("customers", email="anna@x.test").json()["data"][0]
    assert (read["birthday"], read["tags"]) == ("1990-02-28", ["b2b", "vip"])
    assert api.get("customers", email="new@x.test").json()["data"][0]["birthday"] is None
