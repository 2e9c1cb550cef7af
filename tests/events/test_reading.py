"""Reading the log by the API: a page costs what it shows, however long the line and however rare the type."""

import json
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from events.api import facts_after
from events.models import Fact
from merchants.models import Merchant
from merchants.rest.auth import create_api_key
from merchants.scope import merchant_scope
from tests.api_client import ApiClient

MANY = 20_000
RARE_EVERY = 10_000


@pytest.fixture
def long_line(merchant: Merchant, stranger: Merchant) -> Merchant:
    """Nordwind with a long line of orders, among which two parcels got lost; a stranger's line beside it."""
    with connection.cursor() as cursor:
        for owner in (merchant, stranger):
            cursor.execute(
                "INSERT INTO events_fact (position, merchant_id, shard, type, order_id, data, recorded_at)"
                " SELECT nextval('events_position'), %s, %s,"
                " CASE WHEN n %% %s = 0 THEN 'shipment.exception' ELSE 'order.placed' END, NULL, '{}', now()"
                " FROM generate_series(1, %s) AS n",
                [owner.id, owner.shard, RARE_EVERY, MANY],
            )
        cursor.execute("ANALYZE events_fact")
    return merchant


def plan(rows: QuerySet[Fact]) -> dict[str, Any]:
    """How PostgreSQL reads these rows, with the figures of really doing it."""
    return json.loads(rows.explain(format="json", analyze=True, buffers=True))[0]["Plan"]


def rows_read(node: dict[str, Any]) -> int:
    """Rows that a plan looked at, shown or not."""
    own = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return int(max([own, *(rows_read(child) for child in node.get("Plans", []))]))


def test_a_rare_type_is_found_by_an_index_and_not_by_walking_the_line(long_line: Merchant) -> None:
    with merchant_scope(long_line):
        rows = facts_after(long_line, 0).filter(type="shipment.exception").order_by("position")[:51]
        found = plan(rows)
    assert "fact_by_type" in json.dumps(found)
    assert rows_read(found) == MANY // RARE_EVERY


def test_a_page_of_the_whole_line_reads_a_page(long_line: Merchant) -> None:
    with merchant_scope(long_line):
        found = plan(facts_after(long_line, 0).order_by("position")[:51])
    assert rows_read(found) <= 51


def test_a_type_that_never_happened_costs_nothing(long_line: Merchant) -> None:
    with merchant_scope(long_line):
        found = plan(facts_after(long_line, 0).filter(type="message.failed").order_by("position")[:51])
    assert rows_read(found) == 0


def test_pages_of_a_rare_type_go_on_where_the_last_one_ended(long_line: Merchant) -> None:
    key = ApiClient(create_api_key(long_line, name="reader")[1])
    first = key.get("events", type="shipment.exception", limit="1").json()
    second = key.get("events", type="shipment.exception", limit="1", cursor=first["next_cursor"]).json()
    end = key.get("events", type="shipment.exception", cursor=second["next_cursor"]).json()
    assert (len(first["data"]), first["has_more"]) == (1, True)
    assert (len(second["data"]), second["has_more"]) == (1, False)
    assert second["data"][0]["position"] > first["data"][0]["position"]
    assert (end["data"], end["next_cursor"]) == ([], second["next_cursor"])
