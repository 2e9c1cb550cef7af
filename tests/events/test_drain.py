"""Readers of the log: each fact once, in order, whatever happens beside it."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection

from events.drain import drain, drain_subscriber, lagging_shards
from events.facts import RecordedFact
from events.models import Cursor, ParkedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from merchants.scope import platform_scope
from tests.events.conftest import Effects, MakeReader
from tests.events.helpers import WAIT, at_once, backend_pid, in_thread, record, terminate

pytestmark = pytest.mark.django_db(transaction=True)


def position(reader: str, merchant: Merchant) -> int:
    found = Cursor.objects.filter(subscriber=reader, shard=merchant.shard).first()
    return found.position if found else 0


def parked() -> list[ParkedFact]:
    with platform_scope("a test looks at what is parked"):
        return list(ParkedFact.objects.order_by("position"))


@pytest.mark.parametrize("drains", [2, 8])
def test_drains_at_the_same_time_handle_each_fact_once(
    merchant: Merchant, make_reader: MakeReader, effects: Effects, drains: int
) -> None:
    make_reader("notes", batch=7, before=lambda fact: time.sleep(0.0005))
    make_reader("more", batch=3)
    words = [f"{number:03}" for number in range(100)]
    for word in words:
        record(merchant, word)
    at_once(*[lambda: drain(merchant.shard)] * drains)
    drain(merchant.shard)
    assert effects.words("notes") == words
    assert effects.words("more") == words


def test_a_fact_that_comes_while_another_worker_reads_is_found_by_that_worker(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    """The second drain does not wait for the first one, which has read past the new fact's place already."""
    reading, go_on = threading.Event(), threading.Event()

    def stop_at_first(fact: RecordedFact) -> None:
        if fact.data["external_id"] == "first":
            reading.set()
            assert go_on.wait(WAIT)

    make_reader(before=stop_at_first)
    record(merchant, "first")
    with ThreadPoolExecutor(1) as pool:
        busy = in_thread(drain, merchant.shard, pool=pool)
        assert reading.wait(WAIT)
        record(merchant, "second")
        began = time.monotonic()
        assert drain(merchant.shard) == 0
        assert not busy.done()  # It did not wait for the other,
        assert time.monotonic() - began < 5  # nor until a lock was given up (10 s).
        go_on.set()
        assert busy.result(WAIT) == 2
    assert effects.words() == ["first", "second"]


def test_a_slow_reader_does_not_hold_up_the_others(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def dawdle(fact: RecordedFact) -> None:
        reading.set()
        assert go_on.wait(WAIT)

    make_reader("slow", before=dawdle)
    make_reader("quick")
    record(merchant, "one")
    with ThreadPoolExecutor(1) as pool:
        busy = in_thread(drain, merchant.shard, pool=pool)
        assert reading.wait(WAIT)
        drain(merchant.shard)
        assert effects.words("quick") == ["one"]
        assert effects.words("slow") == []
        go_on.set()
        busy.result(WAIT)
    assert effects.words("slow") == effects.words("quick") == ["one"]


def test_a_reader_with_a_long_way_to_go_takes_turns_with_the_others(
    merchant: Merchant, make_reader: MakeReader
) -> None:
    turns: list[str] = []
    make_reader("long", batch=2, before=lambda fact: turns.append("long"))
    make_reader("short", batch=100, before=lambda fact: turns.append("short"))
    record(merchant, *map(str, range(6)))
    drain(merchant.shard)
    assert turns == ["long"] * 2 + ["short"] * 6 + ["long"] * 4


def test_the_cursor_moves_only_with_the_effects(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    """The session is ended between a fact's effect and its commit: neither effect nor cursor is there."""
    interrupted = []

    def die_once(fact: RecordedFact) -> None:
        if fact.data["external_id"] == "2" and not interrupted:
            interrupted.append(fact)
            terminate(backend_pid())

    make_reader(before=die_once)
    record(merchant, "1", "2", "3")
    with pytest.raises(OperationalError):
        drain(merchant.shard)
    connection.close()

    assert interrupted
    assert effects.words() == []
    assert position("notes", merchant) == 0
    assert parked() == []  # The database went away: that is no fault of the fact.

    drain(merchant.shard)
    assert effects.words() == ["1", "2", "3"]


def test_a_failing_fact_does_not_block_the_line(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    def refuse_two(fact: RecordedFact) -> None:
        if fact.data["external_id"] == "2":
            raise ValueError("two is not to my taste")

    make_reader(before=refuse_two)
    make_reader("other")
    record(merchant, "1", "2", "3")
    drain(merchant.shard)
    record(merchant, "4")
    drain(merchant.shard)

    assert effects.words() == ["1", "3", "4"]
    assert effects.words("other") == ["1", "2", "3", "4"]
    (fact,) = parked()
    assert (fact.subscriber, fact.type, fact.merchant_id) == ("notes", "order.updated", merchant.id)
    assert "two is not to my taste" in fact.error
    assert fact.due_at is not None


def test_a_fact_whose_effects_the_database_refuses_at_commit_is_parked_too(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    effects.run("ALTER TABLE test_effect ADD CONSTRAINT once UNIQUE (word) DEFERRABLE INITIALLY DEFERRED")
    make_reader()
    record(merchant, "same", "other", "same")
    drain(merchant.shard)
    assert effects.words() == ["same", "other"]
    (fact,) = parked()
    assert "IntegrityError" in fact.error


def test_a_reader_that_loses_its_own_session_does_not_block_the_line(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    """Idle in a transaction for too long, the server ends the session (R13): the fault of the reader, not an outage."""

    def fall_asleep(fact: RecordedFact) -> None:
        if fact.data["external_id"] == "sleepy":
            effects.run("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
            time.sleep(0.3)

    make_reader(before=fall_asleep)
    record(merchant, "sleepy", "awake")
    drain(merchant.shard)
    assert effects.words() == ["awake"]
    (fact,) = parked()
    assert "idle-in-transaction" in fact.error


def test_a_statement_that_runs_for_too_long_parks_its_fact(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    def dawdle(fact: RecordedFact) -> None:
        if fact.data["external_id"] == "heavy":
            effects.run("SET LOCAL statement_timeout = '50ms'")
            effects.run("SELECT pg_sleep(5)")

    make_reader(before=dawdle)
    record(merchant, "heavy", "light")
    drain(merchant.shard)
    assert effects.words() == ["light"]
    assert len(parked()) == 1


def test_a_failing_reader_changes_nothing_of_another_merchants_facts(
    merchant: Merchant, stranger: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    def refuse(fact: RecordedFact) -> None:
        if fact.merchant_id == merchant.id:
            raise ValueError("not this merchant")

    make_reader(before=refuse)
    record(merchant, "ours")
    record(stranger, "theirs")
    for shard in {merchant.shard, stranger.shard}:
        drain(shard)
    assert effects.words() == ["theirs"]
    assert [fact.merchant_id for fact in parked()] == [merchant.id]


def test_a_reader_gets_the_types_it_wants_and_passes_over_the_others(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    make_reader(types=["order.cancelled"])
    record(merchant, "1", "2")
    assert drain(merchant.shard) == 0
    assert effects.words() == []
    assert position("notes", merchant) > 0
    assert lagging_shards() == []


def test_a_reader_is_called_in_the_scope_of_one_merchant_with_that_merchants_facts(
    merchant: Merchant, stranger: Merchant, make_reader: MakeReader
) -> None:
    calls: list[tuple[str, list[str]]] = []
    make_reader()  # so that no other readers exist

    @subscribe("scoped", ["order.updated"])
    def handle(owner: Merchant, facts: Sequence[RecordedFact]) -> None:
        assert not ParkedFact.objects.exists()  # A query on a merchant's table works: its scope is open.
        assert {fact.merchant_id for fact in facts} == {owner.id}
        calls.append((owner.slug, [fact.data["external_id"] for fact in facts]))

    for word in ("1", "2"):
        record(merchant, "n" + word)
        record(stranger, "s" + word)
    for shard in {merchant.shard, stranger.shard}:
        drain(shard)
    assert sorted(calls) == [("nordwind", ["n1", "n2"]), ("sudwind", ["s1", "s2"])]
    assert parked() == []


def test_a_drain_leaves_when_its_time_is_up_and_the_next_one_goes_on(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    make_reader(batch=1)
    record(merchant, "1", "2", "3")
    assert drain(merchant.shard, seconds=0) == 1
    assert effects.words() == ["1"]
    drain(merchant.shard)
    assert effects.words() == ["1", "2", "3"]


def test_one_reader_can_be_drained_alone(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    wanted = make_reader("wanted")
    make_reader("other")
    record(merchant, "1")
    from events import log

    log.sequence(merchant.shard)
    assert drain_subscriber(wanted, merchant.shard) == 1
    assert effects.words("wanted") == ["1"]
    assert effects.words("other") == []


def test_lagging_shards_are_those_with_something_left_to_read(
    merchant: Merchant, make_reader: MakeReader
) -> None:
    reader = make_reader()
    assert lagging_shards() == []
    record(merchant, "1")
    from events import log

    log.sequence(merchant.shard)
    assert lagging_shards() == [merchant.shard]
    drain_subscriber(reader, merchant.shard)
    assert lagging_shards() == []
