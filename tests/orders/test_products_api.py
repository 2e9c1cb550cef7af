"""REST: products."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from merchants.models import Merchant
from merchants.rest.auth import create_api_key
from merchants.scope import merchant_scope
from orders.models import Product
from tests.api_client import ApiClient
from tests.rest.test_problems import assert_problem


def sweater(**fields: Any) -> dict[str, Any]:
    """A product with two variants, as a shop posts it; fields given here win."""
    return {
        "external_id": "7743920",
        "title": "Fjord Wool Sweater",
        "tags": ["wool"],
        "variants": [
            {"external_id": "M", "sku": "FWS-M", "title": "M", "price": "89.00", "inventory_quantity": 3},
            {"external_id": "L", "sku": "FWS-L", "title": "L", "price": "94.5", "currency": "SEK"},
        ],
        **fields,
    }


def test_a_product_is_stored_and_read_again_with_its_variants(api: ApiClient) -> None:
    made = api.post("products", sweater())
    assert made.status_code == 201
    product = made.json()
    assert product["id"].startswith("prd_")
    assert [(v["sku"], v["price"], v["currency"], v["inventory_quantity"]) for v in product["variants"]] == [
        ("FWS-M", "89.00", "EUR", 3), ("FWS-L", "94.50", "SEK", None),
    ]  # fmt: skip
    assert api.get(f"products/{product['id']}").json() == product
    assert api.get("products").json()["data"] == [product]


def test_sent_again_it_is_an_update_and_a_variant_that_is_left_out_is_gone(api: ApiClient) -> None:
    first = api.post("products", sweater()).json()
    again = api.post("products", sweater(title="Wool Sweater", variants=sweater()["variants"][:1]))
    assert again.status_code == 200
    assert again.json()["id"] == first["id"]
    assert again.json()["title"] == "Wool Sweater"
    assert [v["id"] for v in again.json()["variants"]] == [first["variants"][0]["id"]]
    untouched = api.post("products", {"external_id": "7743920", "title": "Wool Sweater"}).json()
    assert len(untouched["variants"]) == 1


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"title": ""}, "title"),
        ({"external_id": ""}, "external_id"),
        ({"status": "sold"}, "status"),
        ({"colour": "red"}, "colour"),
        ({"variants": [{"external_id": "M", "price": "-1"}]}, "variants[0].price"),
        ({"variants": [{"external_id": "M", "price": "1", "currency": "XXX"}]}, "variants[0].currency"),
        ({"variants": [{"external_id": "M", "price": "1"}] * 2}, "variants[1].external_id"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"title": "NUL \x00"}, "title"),
    ],
)
def test_a_product_that_cannot_be_is_refused_at_its_field(
    api: ApiClient, fields: dict[str, Any], param: str
) -> None:
    assert assert_problem(api.post("products", sweater(**fields)), 400, "invalid_field")["param"] == param
    assert api.get("products").json()["data"] == []


def test_lists_are_narrowed_by_external_id_status_and_sku(api: ApiClient) -> None:
    api.post("products", sweater())
    api.post("products", {"external_id": "mug", "title": "Enamel Mug", "status": "draft"})

    def found(**query: str) -> list[str]:
        return [product["external_id"] for product in api.get("products", **query).json()["data"]]

    assert found() == ["mug", "7743920"]
    assert found(external_id="mug") == ["mug"]
    assert found(status="active") == ["7743920"]
    assert found(sku="FWS-L") == ["7743920"]
    assert found(sku="nothing") == []
    assert_problem(api.get("products", status="sold"), 400, "invalid_parameter")


def test_a_page_of_products_takes_as_many_queries_as_one_product(api: ApiClient) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            api.get("products")
        return len(counted)

    api.post("products", sweater())
    few = queries()
    for number in range(5):
        variants = [{"external_id": f"v{number}", "price": "1"}]
        api.post("products", {"external_id": f"p{number}", "title": "P", "variants": variants})
    assert queries() == few


def test_a_strangers_product_is_not_there(api: ApiClient, strangers_api: ApiClient) -> None:
    mine = api.post("products", sweater()).json()
    assert_problem(strangers_api.get(f"products/{mine['id']}"), 404, "not_found")
    theirs = strangers_api.post("products", sweater(title="Theirs"))
    assert (theirs.status_code, theirs.json()["title"]) == (201, "Theirs")
    assert api.get(f"products/{mine['id']}").json() == mine


def test_a_key_needs_the_scope_of_products(merchant: Merchant) -> None:
    reader = ApiClient(create_api_key(merchant, name="r", scopes=("products:read",))[1])
    assert reader.get("products").status_code == 200
    assert_problem(reader.post("products", sweater()), 403, "missing_scope")
    with merchant_scope(merchant):
        assert not Product.objects.exists()


def test_the_same_idempotency_key_stores_once(api: ApiClient) -> None:
    first = api.post("products", sweater(), idempotency_key="once")
    again = api.post("products", sweater(), idempotency_key="once")
    assert again["Idempotent-Replayed"] == "true"
    assert again.content == first.content
