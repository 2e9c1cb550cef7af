"""The bell: rung once for a burst, after the commit, and never waited for."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import transaction

from config import embedded_redis
from events import doorbell, due, tasks
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests.events.conftest import Effects, MakeReader
from tests.events.helpers import note, record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """No bell is remembered, none is waiting for an answer."""
    doorbell._silent_until = 0.0
    _empty()
    yield
    _empty()
    doorbell._silent_until = 0.0


def _empty() -> None:
    client = doorbell._redis()
    for key in client.scan_iter("bell:*"):
        client.delete(key)
    client.delete(_queue())


def _queue() -> str:
    return str(current_app.conf.task_default_queue)


def waiting() -> int:
    """How many bells wait for a worker."""
    return int(doorbell._redis().llen(_queue()))  # type: ignore[arg-type]


def wait_for_bells(count: int) -> None:
    until = time.monotonic() + 5
    while waiting() < count and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(0.05)
    assert waiting() == count


def test_a_commit_rings_once_for_all_that_it_did(merchant: Merchant) -> None:
    with merchant_scope(merchant), transaction.atomic():
        for word in "abc":
            note(word)
        time.sleep(0.05)
        assert waiting() == 0  # Nothing is rung before the commit.
    wait_for_bells(1)


def test_a_transaction_that_rolls_back_rings_for_nothing(merchant: Merchant) -> None:
    class Undone(Exception):
        pass

    def work() -> None:
        with merchant_scope(merchant), transaction.atomic():
            note("never")
            raise Undone

    with pytest.raises(Undone):
        work()
    time.sleep(0.1)
    assert waiting() == 0


def test_a_part_that_rolls_back_takes_no_bell_from_the_rest(merchant: Merchant) -> None:
    class Undone(Exception):
        pass

    def part() -> None:
        with transaction.atomic():
            note("never")
            raise Undone

    with merchant_scope(merchant), transaction.atomic():
        with pytest.raises(Undone):
            part()
        note("real")
    wait_for_bells(1)


def test_a_burst_of_commits_wakes_one_worker_and_its_answer_lets_the_next_one_ring(
    merchant: Merchant,
) -> None:
    for number in range(20):
        record(merchant, str(number))
    wait_for_bells(1)
    doorbell.answered(doorbell.DRAIN, merchant.shard)
    record(merchant, "later")
    wait_for_bells(2)


def test_with_nobody_to_answer_the_bells_do_not_fill_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "_MOST_UNANSWERED", 5)
    for number in range(20):
        assert doorbell.ring(doorbell.DUE, f"kind-{number}")
    assert waiting() == 5


def test_a_commit_does_not_wait_for_a_redis_that_hangs(
    merchant: Merchant, settings: Any, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:  # It takes connections and never says a word.
        deaf.bind(str(tmp_path / "deaf"))
        deaf.listen()
        settings.REDIS_URL = f"unix://{tmp_path / 'deaf'}"
        doorbell._redis.cache_clear()
        try:
            # Its time-out is a quarter of a second: whoever waited for it each time would need ten.
            began = time.monotonic()
            for number in range(40):
                record(merchant, str(number))
            assert time.monotonic() - began < 2.5
            began = time.monotonic()
            doorbell._silent_until = 0.0
            assert not any(doorbell.ring(doorbell.DUE, "any") for _ in range(40))  # Only the first one tries.
            assert time.monotonic() - began < 2.5
        finally:
            doorbell._redis.cache_clear()


def test_a_forked_process_rings_too(merchant: Merchant) -> None:
    record(merchant, "parent")
    wait_for_bells(1)
    child = os.fork()
    if child == 0:
        try:
            doorbell._ringer.ring(doorbell.DUE, "from-the-child")
            time.sleep(1)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    wait_for_bells(2)


def test_redis_is_where_the_settings_say(settings: Any) -> None:
    path = settings.REDIS_URL.removeprefix("unix://").split("?")[0]
    assert embedded_redis.answers(Path(path))


# --- what answers it ---


def test_the_answer_drains_the_shard_it_was_rung_for(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    make_reader()
    record(merchant, "1")
    tasks.answer(doorbell.DRAIN, merchant.shard)
    assert effects.words() == ["1"]


def test_a_bell_of_an_older_release_is_answered_with_nothing() -> None:
    tasks.answer(doorbell.DUE, "a.kind.that.is.gone")
    tasks.answer("a-bell-that-is-gone", 1)


def test_the_tick_rings_for_what_nobody_rang_for(merchant: Merchant, make_reader: MakeReader) -> None:
    make_reader()
    record(merchant, "1")
    wait_for_bells(1)
    _empty()
    tasks.tick()
    assert waiting() == 1 + len(due.kinds())
    tasks.tick()  # Ticks are idempotent: a second one at once rings no more.
    assert waiting() == 1 + len(due.kinds())
    _empty()
    tasks.answer(doorbell.DRAIN, merchant.shard)
    tasks.tick()
    assert waiting() == len(due.kinds())  # The shard is read to its end: only due work is looked for.
