"""The reads that happen all the time have an index that fits (a partial index whose condition is wrong is not used)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests import factories
from tracking import queries
from tracking.models import Shipment


def plans(work: Any, table: str) -> str:
    """The plans of the statements that read a table during `work`, as if the table were large."""
    with CaptureQueriesContext(connection) as seen, transaction.atomic():
        work()
    wanted = [
        query["sql"] for query in seen.captured_queries if f"FROM {table}" in query["sql"].replace('"', "")
    ]
    assert wanted
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        lines = []
        for sql in wanted:
            cursor.execute("EXPLAIN " + sql)
            lines += [line for (line,) in cursor.fetchall()]
    return "\n".join(lines)


@pytest.fixture
def parcel(merchant: Merchant) -> Shipment:
    return factories.shipment(merchant, factories.order(merchant), carrier="DHL", tracking_number="JJD-1")


def test_the_claim_reads_due_rows_only(parcel: Shipment) -> None:
    def claim() -> None:
        assert due.claim(Shipment, limit=20, lease=timedelta(seconds=60), related=("order",)) == [parcel]

    plan = plans(claim, "tracking_shipment")
    assert "Index Scan using shipments_due" in plan
    assert "Sort" not in plan


def test_the_scans_of_a_parcel_are_read_by_it(parcel: Shipment) -> None:
    factories.scan(parcel.merchant, parcel, "in_transit", timezone.now())
    with merchant_scope(parcel.merchant):
        plan = plans(lambda: list(queries.scans_of(parcel.pk)[:51]), "tracking_scan")
    assert "Index Scan using scans_of_shipment" in plan
