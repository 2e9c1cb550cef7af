"""No page of the dashboard has more than 25 KB of HTML, not compressed, however full it is (issue 3, figures)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from analytics.models import DayCount, DeliveryDay, Figure, Outcome
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Customer
from tests.dashboard import scene

LIMIT = 25_000
BASE = "/app/nordwind/"
FIRST = (
    "Anna-Katharina",
    "Maximilian",
    "Franz-Josef",
    "Elisabeth",
    "Hans-Christian",
    "Wolfgang",
    "Friederike",
)
LAST = ("Müller-Lüdenscheidt", "von Hohenstein", "Schmidt-Großmann", "Weber-Wettengel", "Freifrau von Weber")
# An item for each parcel, each with a suggested message.
_WATCHED = """
INSERT INTO tracking_watchitem (id, merchant_id, order_id, shipment_id, reason, detail, state, since, opened_at, value,
                                currency, assignee, note, dismissal)
SELECT gen_random_uuid(), merchant_id, order_id, id, (ARRAY['address', 'late', 'stalled', 'failed_attempt'])[1 + n % 4],
       (ARRAY['exception.address', '', '', 'attempt.business_closed'])[1 + n % 4], 'open',
       now() - interval '100 hours', now() - interval '3 hours', 108950 + n, 'EUR', '', '', ''
FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM tracking_shipment) AS numbered
"""


@pytest.fixture
def full(merchant: Merchant, owner: Client) -> Client:
    """The owner's browser, in German, at a shop with sixty new orders of people with long names."""
    owner.post("/app/language/", {"language": "de"})
    scene.many_orders(merchant, 60, placed_at=timezone.now() - timedelta(hours=30))
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM orders_order)"
            " UPDATE orders_order AS o SET first_name = (%s::text[])[1 + n %% 7], last_name = (%s::text[])[1 + n %% 5],"
            " total = 1089.5 + n, stage = (%s::text[])[1 + n %% 4], tags = ARRAY['geschenk']"
            " FROM numbered WHERE o.id = numbered.id",
            [list(FIRST), list(LAST), ["attention", "delivered", "in_transit", "partly_shipped"]],
        )
        cursor.execute(
            "WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM tracking_shipment)"
            " UPDATE tracking_shipment AS s SET tracking_number = 'JJD0003400' || (100000000 + n), carrier = 'dhl',"
            " status = (%s::text[])[1 + n %% 4], substatus = (%s::text[])[1 + n %% 4],"
            " eta_from = now() + interval '1 day', eta_to = now() + interval '2 days',"
            " promised_to = now() - interval '1 hour', status_at = now() - interval '5 hours'"
            " FROM numbered WHERE s.id = numbered.id",
            [
                ["exception", "out_for_delivery", "in_transit", "info_received"],
                ["exception.address", "", "", ""],
            ],
        )
        cursor.execute(_WATCHED)
    with merchant_scope(merchant):
        customers = [
            Customer(merchant=merchant, external_id=f"c{n}", first_name=FIRST[n % 7], last_name=LAST[n % 5],
                     created_at=timezone.now(), updated_at=timezone.now(),
                     email=f"{FIRST[n % 7]}.{n}@kundenpost.example".lower())
            for n in range(60)
        ]  # fmt: skip
        Customer.objects.bulk_create(customers)
        connection.cursor().execute(
            "WITH o AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM orders_order),"
            " c AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM orders_customer WHERE external_id LIKE 'c%')"
            " UPDATE orders_order SET customer_id = c.id FROM o JOIN c ON o.n = c.n WHERE orders_order.id = o.id"
        )
    return owner


def page(client: Client, address: str) -> str:
    answer = client.get(BASE + address)
    assert answer.status_code == 200
    text: str = answer.content.decode()
    assert 'lang="de"' in text or "lang=de" in text
    size = len(answer.content)
    assert size <= LIMIT, f"{size:,} bytes"
    return text


@pytest.mark.parametrize(
    "address",
    [
        "orders/",
        "orders/?q=weber&country=DE",
        "shipments/",
        "shipments/?tab=attention",
        "customers/",
        "watch/",
        "watch/?tab=failed_attempt",
    ],
)
def test_a_list_of_fifty_rows_stays_small(address: str, full: Client) -> None:
    text = page(full, address)
    rows = text.partition("<tbody>")[2].count("<tr")
    most = 31 if address == "watch/" else 51  # the last one loads more
    assert rows >= 14 if "?" in address else rows == most


def test_a_search_that_finds_many_of_each_kind_stays_small(full: Client) -> None:

    text = page(full, "search/?q=example")
    assert text.count("<li><a") > 60


@pytest.mark.parametrize(
    ("query", "days"), [("?days=7", 7), ("", 30), ("?table=1", 0), ("?days=90", 90), ("?days=90&table=1", 0)]
)
def test_the_overview_of_a_busy_shop_stays_small(
    query: str, days: int, merchant: Merchant, full: Client
) -> None:
    """`days`: those that say their numbers when one points at them; a table says them, too."""
    today = timezone.localdate()
    with merchant_scope(merchant):
        for n in range(180):
            day = today - timedelta(days=n)
            DayCount.objects.bulk_create(
                DayCount(merchant=merchant, day=day, figure=figure, number=1000 + n * 37 % 400)
                for figure in Figure
            )
            DeliveryDay.objects.bulk_create(
                DeliveryDay(merchant=merchant, day=day, carrier=carrier, outcome=outcome, transit=n % 9 + 3,
                            parcels=30 + n * 31 % 170)
                for carrier in ("dhl", "dpd", "hermes", "ups", "gls", "fedex", "post_at", "swiss_post")
                for outcome in Outcome
            )  # fmt: skip
    text = page(full, query)
    pictures = 6  # the page, four lines, the chart
    assert text.count("<title>") == pictures + days
