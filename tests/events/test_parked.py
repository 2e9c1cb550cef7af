"""Facts that a reader failed on: shown, tried again with back-off, through once the reader is mended."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from events import due, parked
from events.drain import drain
from events.facts import RecordedFact
from events.models import ParkedFact
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from tests.events.conftest import Effects, MakeReader
from tests.events.helpers import at_once, backend_pid, record, terminate

pytestmark = pytest.mark.django_db(transaction=True)


class Picky:
    """A reader's taste: it refuses what is in `refused`."""

    def __init__(self, *refused: str) -> None:
        self.refused = set(refused)

    def __call__(self, fact: RecordedFact) -> None:
        if fact.data["external_id"] in self.refused:
            raise ValueError("refused")


def the_parked_one() -> ParkedFact:
    with platform_scope("a test looks at what is parked"):
        return ParkedFact.objects.get()


def come_due() -> None:
    """Let the time of the next try come."""
    with platform_scope("a test turns the clock"):
        ParkedFact.objects.update(due_at=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def taste() -> Picky:
    return Picky("2")


@pytest.fixture
def park_one(merchant: Merchant, make_reader: MakeReader, taste: Picky) -> Callable[[], ParkedFact]:
    """Park the fact `2` of three."""

    def run() -> ParkedFact:
        make_reader(before=taste)
        record(merchant, "1", "2", "3")
        drain(merchant.shard)
        return the_parked_one()

    return run


def test_it_is_tried_again_once_its_time_has_come_and_goes_through_after_the_fix(
    park_one: Callable[[], ParkedFact], taste: Picky, effects: Effects
) -> None:
    park_one()
    taste.refused.clear()
    assert parked.retry_due() == 0  # Not yet.
    assert effects.words() == ["1", "3"]
    come_due()
    assert parked.retry_due() == 1
    assert effects.words() == ["1", "2", "3"]
    with platform_scope("a test looks at what is parked"):
        assert not ParkedFact.objects.exists()


def test_every_failure_doubles_the_wait(park_one: Callable[[], ParkedFact]) -> None:
    park_one()
    waits = []
    for _ in range(4):
        come_due()
        parked.retry_due()
        row = the_parked_one()
        assert row.due_at is not None
        waits.append((row.due_at - timezone.now()).total_seconds())
    for number, wait in enumerate(waits, start=1):
        assert 0.75 * 10 * 2**number < wait < 1.25 * 10 * 2**number


def test_after_the_last_try_it_waits_for_a_person(
    merchant: Merchant, park_one: Callable[[], ParkedFact], taste: Picky, effects: Effects
) -> None:
    park_one()
    for _ in range(parked.MOST_ATTEMPTS):
        come_due()
        parked.retry_due()
    row = the_parked_one()
    assert row.due_at is None
    assert row.attempts == parked.MOST_ATTEMPTS
    assert "refused" in row.error
    assert parked.retry_due() == 0

    taste.refused.clear()
    assert parked.try_again(merchant, row.id) == 1
    assert parked.retry_due() == 1
    assert effects.words() == ["1", "2", "3"]


def test_two_retries_at_once_have_one_effect(
    park_one: Callable[[], ParkedFact], taste: Picky, effects: Effects
) -> None:
    row = park_one()
    taste.refused.clear()
    assert at_once(*[lambda: parked.retry(row)] * 4) == [True] * 4
    assert effects.words() == ["1", "2", "3"]


def test_a_retry_during_an_outage_changes_nothing(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    broken = Picky("1")
    ended: list[RecordedFact] = []

    def before(fact: RecordedFact) -> None:
        broken(fact)
        if not ended:
            ended.append(fact)
            terminate(backend_pid())

    make_reader(before=before)
    record(merchant, "1")
    drain(merchant.shard)
    broken.refused.clear()
    row = the_parked_one()
    with pytest.raises(OperationalError):
        parked.retry(row)
    connection.close()
    after = the_parked_one()
    assert (after.due_at, after.attempts, after.error) == (row.due_at, row.attempts, row.error)
    assert parked.retry(after)
    assert effects.words() == ["1"]


def test_a_parked_fact_of_a_reader_that_is_gone_stays_parked_with_a_reason(
    park_one: Callable[[], ParkedFact], monkeypatch: pytest.MonkeyPatch
) -> None:
    park_one()
    monkeypatch.setattr("events.subscribers._subscribers", {})
    come_due()
    parked.retry_due()
    assert "KeyError: 'notes'" in the_parked_one().error


def test_nobody_tries_a_strangers_facts_again(
    merchant: Merchant, stranger: Merchant, park_one: Callable[[], ParkedFact]
) -> None:
    row = park_one()
    assert parked.try_again(stranger, row.id) == 0
    assert parked.try_again(stranger) == 0
    assert the_parked_one().due_at == row.due_at
    assert parked.try_again(merchant) == 1


def test_a_retry_whose_claim_was_lost_leaves_the_row_alone(park_one: Callable[[], ParkedFact]) -> None:
    park_one()
    come_due()
    (claimed,) = due.claim(ParkedFact, limit=5, lease=timedelta(seconds=60))
    come_due()
    (taken_over,) = due.claim(ParkedFact, limit=5, lease=timedelta(seconds=60))
    with merchant_scope(claimed.merchant):
        assert not parked.retry(claimed)  # It fails again, and must not move the other one's schedule.
    assert the_parked_one().due_at == taken_over.due_at
