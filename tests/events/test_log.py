"""Recording facts, and the order in which they are read."""

import pytest
from django.db import transaction

from events import log
from events.drain import drain
from events.models import Fact, Incoming
from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.scope import MissingMerchant, merchant_scope, platform_scope
from orders.facts import OrderUpdated
from tests.events.conftest import Effects, MakeReader
from tests.events.helpers import at_once, held_open, line, note, record

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_slow_transactions_fact_is_not_skipped(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    make_reader()
    with held_open(merchant, lambda: note("slow")) as commit:
        record(merchant, "fast-1", "fast-2")
        drain(merchant.shard)
        assert effects.words() == ["fast-1", "fast-2"]
        commit()
        record(merchant, "later")
        drain(merchant.shard)

    # The slow one holds the lowest id. It got its place after its commit, behind what was read before.
    assert effects.words() == ["fast-1", "fast-2", "slow", "later"]
    assert line(merchant) == ["fast-1", "fast-2", "slow", "later"]


def test_facts_of_a_transaction_that_rolls_back_never_happened(merchant: Merchant) -> None:
    class Undone(Exception):
        pass

    def work() -> None:
        with merchant_scope(merchant), transaction.atomic():
            note("never")
            raise Undone

    with pytest.raises(Undone):
        work()
    record(merchant, "real")
    drain(merchant.shard)
    assert line(merchant) == ["real"]


def test_facts_of_one_transaction_keep_their_order(merchant: Merchant) -> None:
    words = [f"{number:03}" for number in range(300)]
    record(merchant, *words)
    log.sequence(merchant.shard)
    assert line(merchant) == words


def test_eight_sequencers_beside_eight_writers_give_each_fact_one_place(merchant: Merchant) -> None:
    def write(writer: int) -> None:
        for number in range(10):
            record(merchant, f"{writer}-{number}")

    def sequence() -> None:
        for _ in range(10):
            log.sequence(merchant.shard)

    at_once(*[lambda writer=w: write(writer) for w in range(8)], *[sequence] * 8)
    log.sequence(merchant.shard)

    found = line(merchant)
    assert sorted(found) == sorted(f"{writer}-{number}" for writer in range(8) for number in range(10))
    for writer in range(8):  # Each writer's own facts stand in the order in which it committed them.
        own = [word for word in found if word.startswith(f"{writer}-")]
        assert own == [f"{writer}-{number}" for number in range(10)]
    assert not Incoming.objects.exists()


def test_a_fact_needs_a_transaction(merchant: Merchant) -> None:
    with merchant_scope(merchant), pytest.raises(RuntimeError, match="transaction"):
        log.record(OrderUpdated(order_id=uuid7(), external_id="x", changed=[]))


def test_a_fact_needs_a_merchant(merchant: Merchant) -> None:
    with transaction.atomic(), pytest.raises(MissingMerchant):
        log.record(OrderUpdated(order_id=uuid7(), external_id="x", changed=[]))


def test_what_a_deleted_merchant_left_behind_does_not_stop_the_line(
    merchant: Merchant, stranger: Merchant
) -> None:
    record(merchant, "orphan")
    Incoming.objects.update(shard=stranger.shard)
    with platform_scope("a test deletes a merchant with all that it has"):
        merchant.delete()
    record(stranger, "alive")
    log.sequence(stranger.shard)
    assert line(stranger) == ["alive"]
    assert not Incoming.objects.exists()


def test_a_fact_that_has_its_place_is_read_back_as_it_was_recorded(merchant: Merchant) -> None:
    order_id = uuid7()
    with merchant_scope(merchant), transaction.atomic():
        log.record(OrderUpdated(order_id=order_id, external_id='ä"\\€', changed=["email"]), order_id=order_id)
    log.sequence(merchant.shard)
    with platform_scope("a test looks at the log"):
        fact = Fact.objects.get()
    assert (fact.merchant_id, fact.order_id, fact.type) == (merchant.id, order_id, "order.updated")
    assert fact.data == {"order_id": str(order_id), "external_id": 'ä"\\€', "changed": ["email"]}
