"""The log, the doorbell and the workers, with Redis and workers really taken away."""

import statistics
import threading
import time

from tests.live.apps import BARRIER
from tests.live.conftest import TICK_SECONDS
from tests.live.shop import Shop
from tools.installation import Installation, wait_for

# A tick, and what a busy machine needs to do the work.
ONE_TICK = TICK_SECONDS + 2.0


def test_from_commit_to_effect_it_takes_milliseconds_with_the_bell(shop: Shop) -> None:
    waits = []
    for _ in range(30):
        word, status, _ = shop.place()
        assert status == 201
        waits.append(shop.wait_for_effects(word, seconds=ONE_TICK))
    # The figure itself (p50 up to 50 ms) is `make bench ONLY=commit_to_effect`: here other tests use the machine.
    assert statistics.median(waits) < TICK_SECONDS / 2, waits


def test_what_no_bell_was_rung_for_is_found_by_the_tick(shop: Shop) -> None:
    """A process that dies between its commit and the bell leaves just this: a fact, and silence."""
    merchant, shard = shop.query(
        "SELECT id, get_byte(uuid_send(id), 15) & 15 FROM merchants_merchant WHERE slug = 'nordwind'"
    )[0]
    for number in range(3):
        word = f"silent-{number}"
        shop.query(
            "INSERT INTO events_incoming (merchant_id, shard, type, data, recorded_at) VALUES (%s, %s,"
            " 'order.placed', jsonb_build_object('external_id', %s::text, 'notify', false), now()) RETURNING id",
            merchant, shard, word,
        )  # fmt: skip
        shop.wait_for_effects(word, seconds=ONE_TICK)


def test_with_redis_stopped_orders_are_taken_and_when_it_is_back_they_are_worked_off(
    shop: Shop, installation: Installation
) -> None:
    installation.kill_redis()
    words = []
    try:
        for _ in range(5):
            word, status, seconds = shop.place()
            assert status == 201
            assert seconds < 1
            words.append(word)
        time.sleep(2)
        assert shop.effects(*words) == []
    finally:
        installation.start_redis()
    # Worker and beat look every second whether Redis is back; then comes a tick.
    shop.wait_for_effects(*words, seconds=1 + ONE_TICK + 1)
    assert len(shop.effects(*words)) == 5


def test_emptying_redis_loses_and_doubles_nothing(shop: Shop, installation: Installation) -> None:
    stop = threading.Event()

    def flush() -> None:
        with installation.redis() as client:
            while not stop.wait(0.02):
                client.flushall()

    flusher = threading.Thread(target=flush)
    flusher.start()
    try:
        words = [shop.place()[0] for _ in range(100)]
    finally:
        stop.set()
        flusher.join()
    shop.wait_for_effects(*words, seconds=ONE_TICK)
    time.sleep(0.3)
    assert len(shop.effects(*words)) == 100


def test_a_worker_killed_in_the_middle_of_a_drain_leaves_effects_once(
    shop: Shop, installation: Installation
) -> None:
    with installation.connect() as barrier:
        barrier.execute("SELECT pg_advisory_lock(%s)", [BARRIER])
        first, middle, last = shop.place()[0], shop.place("wait")[0], shop.place()[0]
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
        wait_for(lambda: shop.query(waiting, BARRIER)[0][0], 20, "no worker is in the middle of the drain")
        # Its transaction has written some of the effects by now, and not committed.
        installation.worker.kill()
        barrier.execute("SELECT pg_advisory_unlock(%s)", [BARRIER])
    assert middle not in shop.effects(middle)
    installation.worker.start()
    shop.wait_for_effects(first, middle, last, seconds=30)
    time.sleep(0.5)
    assert shop.effects(first, middle, last) == sorted([first, middle, last])


def test_a_worker_goes_on_after_redis_was_restarted_again_and_again(
    shop: Shop, installation: Installation
) -> None:
    """R8: five restarts within 20 s; consumption goes on within 30 s."""
    began = time.monotonic()
    for _ in range(5):
        installation.kill_redis()
        time.sleep(0.5)
        installation.start_redis()
        time.sleep(1.5)
    assert time.monotonic() - began < 20
    word, status, _ = shop.place()
    assert status == 201
    shop.wait_for_effects(word, seconds=30)
    # And not only by luck: the bell works again, too.
    time.sleep(2)
    waits = [shop.wait_for_effects(shop.place()[0], seconds=ONE_TICK) for _ in range(10)]
    assert statistics.median(waits) < TICK_SECONDS / 2, waits


def test_any_number_of_beats_and_workers_does_everything_once(shop: Shop, installation: Installation) -> None:
    python = installation.beat.arguments[0]
    more = [
        installation.program(f"beat-{number}", [python, "-m", "celery", "-A", "config", "beat", "-l", "WARNING",
                             "--schedule", str(installation.folder / f"beat-{number}"), "--pidfile="])
        for number in range(2)
    ]  # fmt: skip
    for program in more:
        program.start()
    try:
        words = [shop.place()[0] for _ in range(50)]
        shop.wait_for_effects(*words, seconds=ONE_TICK)
        time.sleep(2 * TICK_SECONDS)
        assert shop.effects(*words) == sorted(words)
    finally:
        for program in more:
            program.kill()
