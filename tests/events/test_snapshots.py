"""R13: a snapshot that is held makes every claim slow. The server ends ours, and others' are reported."""

import time
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from events import due
from events.housekeeping import TOO_LONG, warn_of_long_transactions
from events.models import ParkedFact
from merchants.models import Merchant
from merchants.scope import platform_scope

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def outsider() -> Iterator[psycopg.Connection]:
    """A session of somebody else's program: none of our time-outs are set in it."""
    database = connection.settings_dict
    with psycopg.connect(
        dbname=database["NAME"], host=database["HOST"], user=database["USER"], password=database["PASSWORD"],
        port=database["PORT"] or 5432, application_name="an-analysts-laptop",
    ) as session:  # fmt: skip
        yield session


def test_the_server_ends_a_session_that_is_idle_in_a_transaction(outsider: psycopg.Connection) -> None:
    outsider.execute("SET idle_in_transaction_session_timeout = '100ms'")
    outsider.commit()
    outsider.execute("SELECT 1")  # A transaction is open now.
    time.sleep(0.5)
    with pytest.raises(psycopg.Error, match="idle-in-transaction"):
        outsider.execute("SELECT 1")


def test_a_transaction_that_stays_open_is_reported(
    outsider: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    outsider.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    outsider.execute("SELECT count(*) FROM events_fact")
    assert warn_of_long_transactions() == 0  # It has only begun.
    time.sleep(0.2)
    assert warn_of_long_transactions(timedelta(milliseconds=100)) == 1
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert "long_transaction" in record.getMessage()
    assert "an-analysts-laptop" in record.getMessage()
    assert TOO_LONG.total_seconds() <= 60


def test_claims_stay_fast_once_a_held_snapshot_is_gone(
    merchant: Merchant, outsider: psycopg.Connection
) -> None:
    """What the snapshot made slow is fast again as soon as the server has ended it and dead rows can go."""
    with platform_scope("a test makes due rows"):
        now = timezone.now()
        ParkedFact.objects.bulk_create(
            ParkedFact(
                merchant=merchant, subscriber="any", position=position, type="x", error="", parked_at=now, due_at=now
            )
            for position in range(300)
        )  # fmt: skip

    def claims() -> float:
        """The quickest of 25 claims, each of which leaves dead rows behind: the others tell of the machine's load."""
        waits = []
        for _ in range(25):
            began = time.perf_counter()
            rows = due.claim(ParkedFact, limit=20, lease=timedelta(seconds=60))
            waits.append(time.perf_counter() - began)
            with platform_scope("a test turns the clock back"):
                ParkedFact.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=now)
        return min(waits)

    quiet = claims()
    outsider.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    outsider.execute("SET idle_in_transaction_session_timeout = '200ms'")
    outsider.execute("SELECT count(*) FROM events_fact")
    for _ in range(4):
        claims()
    time.sleep(0.5)
    with pytest.raises(psycopg.Error, match="idle-in-transaction"):
        outsider.execute("SELECT 1")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM events_parkedfact")  # as autovacuum does, sooner or later
    assert claims() <= 2 * quiet + 0.005
