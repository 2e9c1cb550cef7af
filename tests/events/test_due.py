"""Claiming due rows: each by one worker at a time, and never lost with it."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from events import due
from events.models import ParkedFact
from merchants.models import Merchant
from merchants.scope import MissingMerchant, merchant_scope, platform_scope
from tests.events.helpers import at_once, held_open

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(seconds=60)
A_MOMENT = timedelta(seconds=1)


def row(merchant: Merchant, position: int, *, due_in: timedelta | None = -A_MOMENT) -> ParkedFact:
    """A row that is due (the parked facts' table stands for every kind of due work)."""
    now = timezone.now()
    return ParkedFact.objects.create(
        merchant=merchant, subscriber="any", position=position, type="order.updated", error="", parked_at=now,
        due_at=None if due_in is None else now + due_in,
    )  # fmt: skip


@pytest.fixture
def everywhere() -> Iterator[None]:
    with platform_scope("a test makes due rows of two merchants"):
        yield


def claim(limit: int = 10, lease: timedelta = MINUTE) -> list[int]:
    return [claimed.position for claimed in due.claim(ParkedFact, limit=limit, lease=lease)]


def test_what_is_due_is_claimed_earliest_first(
    merchant: Merchant, stranger: Merchant, everywhere: None
) -> None:
    row(merchant, 1, due_in=-1 * A_MOMENT)
    row(stranger, 2, due_in=-3 * A_MOMENT)
    row(merchant, 3, due_in=-2 * A_MOMENT)
    row(merchant, 4, due_in=MINUTE)
    row(merchant, 5, due_in=None)
    assert claim(limit=2) == [2, 3]
    assert claim() == [1]
    assert claim() == []


def test_eight_workers_at_once_claim_each_row_once(merchant: Merchant, everywhere: None) -> None:
    for position in range(200):
        row(merchant, position)

    def work() -> list[int]:
        mine: list[int] = []
        while batch := claim(limit=7):
            mine += batch
        return mine

    claimed = [position for worker in at_once(*[work] * 8) for position in worker]
    # Skipping locked rows, a worker may leave early; what it left is still due.
    claimed += work()
    assert sorted(claimed) == list(range(200))


def test_a_row_of_a_slow_transaction_is_not_skipped(merchant: Merchant, everywhere: None) -> None:
    """R4: rows are claimed by their state, and nobody remembers how far ids were read."""
    with held_open(merchant, lambda: row(merchant, 1, due_in=-MINUTE)) as commit:
        row(merchant, 2)
        assert claim() == [2]
        commit()
        assert claim() == [1]


def test_a_claim_that_ran_out_comes_due_again_for_somebody_else(merchant: Merchant, everywhere: None) -> None:
    row(merchant, 1)
    assert claim(lease=timedelta(milliseconds=700)) == [1]
    assert claim() == []
    time.sleep(0.75)
    assert claim() == [1]


def test_a_lease_is_never_longer_than_a_minute(everywhere: None) -> None:
    assert due.LONGEST_LEASE.total_seconds() <= 60
    with pytest.raises(ValueError, match="at most"):
        claim(lease=timedelta(seconds=61))


def test_a_worker_that_was_away_for_too_long_changes_nothing(merchant: Merchant, everywhere: None) -> None:
    row(merchant, 1)
    (first,) = due.claim(ParkedFact, limit=1, lease=timedelta(0))
    (second,) = due.claim(ParkedFact, limit=1, lease=MINUTE)
    assert due.held(first).update(due_at=None) == 0
    assert not due.renew(first, MINUTE)
    assert due.renew(second, MINUTE)
    assert due.held(second).update(due_at=None) == 1


def test_long_work_keeps_its_row_by_renewing_a_short_lease(merchant: Merchant, everywhere: None) -> None:
    """R11: a live worker's row is not given to another one, however long the work takes."""
    row(merchant, 1)
    lease = timedelta(milliseconds=900)
    (mine,) = due.claim(ParkedFact, limit=1, lease=lease)
    for _ in range(6):  # twice the lease
        time.sleep(0.3)
        assert due.renew(mine, lease)
        assert claim() == []
    assert due.held(mine).update(due_at=None) == 1


def test_a_claim_reads_the_index_of_due_rows_only(merchant: Merchant, everywhere: None) -> None:
    for position in range(300):
        row(merchant, position, due_in=None)
    row(merchant, 300)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE events_parkedfact")
    rows = ParkedFact.objects.filter(due_at__lte=timezone.now()).order_by("due_at")
    assert "parked_due" in rows.explain()


def test_rows_cannot_be_read_without_a_merchants_scope(merchant: Merchant) -> None:
    with pytest.raises(MissingMerchant), merchant_scope(None):  # type: ignore[arg-type]
        pass


def test_work_that_lasts_leaves_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = iter([5, 5, 0])
    monkeypatch.setitem(due._kinds, "lasting", lambda: next(batches))
    assert due.run("lasting", seconds=0) == 5
    assert due.run("lasting") == 5


def test_a_kind_is_declared_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        due.due_work("events.parked")(lambda: 0)


def test_the_wait_after_a_failure_doubles_up_to_six_hours() -> None:
    for attempts, seconds in ((0, 10), (1, 20), (5, 320), (30, 6 * 3600)):
        wait = (due.backoff(attempts) - timezone.now()).total_seconds()
        assert 0.79 * seconds < wait < 1.21 * seconds
