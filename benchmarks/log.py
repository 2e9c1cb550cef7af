"""The log: facts a second through a reader, and how long it takes from a commit to its effect."""

import json
import statistics
import time

from benchmarks import harness
from benchmarks.harness import Result
from benchmarks.orders import order_body
from tools.installation import Installation, wait_for

FACTS = 20_000
COMMITS = 60

# Stands in for the product's readers, in this process only: the figure is the log's, not theirs.
_DRAIN = """
import time
import django
django.setup()
from django.db import connection
from events import log, subscribers
from events.drain import drain
from events.subscribers import subscribe
from merchants.models import Merchant

subscribers._subscribers.clear()
WRITES = {writes}

@subscribe("bench.{name}", ["order.placed"])
def read(merchant, facts):
    if WRITES:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO bench_effect SELECT * FROM unnest(%s::bigint[], %s::text[])",
                [[fact.position for fact in facts], [fact.data["external_id"] for fact in facts]],
            )

merchant = Merchant.objects.get(slug="nordwind")
log.sequence(merchant.shard)
with connection.cursor() as cursor:
    # What is in the log already is not this reader's business.
    cursor.execute(
        "INSERT INTO events_cursor (subscriber, shard, position) SELECT 'bench.{name}', %s, coalesce(max(position), 0)"
        " FROM events_fact", [merchant.shard]
    )
    cursor.execute(
        "INSERT INTO events_incoming (merchant_id, shard, type, order_id, data, recorded_at)"
        " SELECT %s, %s, 'order.placed', gen_random_uuid(), jsonb_build_object('order_id', gen_random_uuid(),"
        " 'external_id', 'bench-' || number, 'number', '#' || number, 'total', '89.00', 'currency', 'EUR',"
        " 'notify', false), now() FROM generate_series(1, {facts}) AS number",
        [merchant.id, merchant.shard],
    )
    cursor.execute("ANALYZE events_incoming, events_fact")
began, cpu = time.perf_counter(), time.process_time()
handed = drain(merchant.shard, seconds=600)
print(handed, time.perf_counter() - began, time.process_time() - cpu)
"""


def log_drain(installation: Installation) -> Result:
    """Facts a second through a reader that does nothing: given their places, read, and the cursor moved."""
    return _drain(installation, "log_drain", writes=False)


def log_drain_write(installation: Installation) -> Result:
    """Facts a second through a reader that writes a row for each."""
    with installation.connect() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_effect (position bigint PRIMARY KEY, word text)")
    return _drain(installation, "log_drain_write", writes=True)


def _drain(installation: Installation, name: str, *, writes: bool) -> Result:
    installation.worker.stop()
    speeds, cpu = [], []
    for number in range(harness.ROUNDS):
        script = _DRAIN.format(name=f"{name}{number}", writes=writes, facts=FACTS)
        handed, seconds, spent = map(float, installation.python(script, timeout=600).split())
        assert handed == FACTS, f"{handed} of {FACTS} facts were handed out"
        speeds.append(FACTS / seconds)
        cpu.append(spent / FACTS * 1000)
    return Result(name, statistics.median(speeds), "facts/s", cpu_ms=statistics.median(cpu))


def commit_to_effect(installation: Installation) -> Result:
    """From the answer to `POST /orders` (its commit) to the committed effect of a reader in the worker.

    `value` is the median with the bell; `raw` the median without it, when the fact is found by the tick.
    """
    _everything(installation)
    with installation.connect() as connection:
        shown = "SELECT position FROM events_cursor WHERE subscriber = 'notifications.plan' AND shard = %s"
        (merchant_id, shard) = connection.execute(
            "SELECT id, get_byte(uuid_send(id), 15) & 15 FROM merchants_merchant WHERE slug = 'nordwind'"
        ).fetchone() or (None, 0)

        def position() -> int:
            row = connection.execute(shown, [shard]).fetchone()
            return row[0] if row else 0

        with_bell = []
        for number in range(COMMITS):
            before = position()
            body = json.dumps(order_body(f"latency-{time.time_ns()}-{number}")).encode()
            harness.drive(installation, [harness.post(installation, "orders", body)], connections=1)
            with_bell.append(1000 * _wait(lambda before=before: position() > before))
        without = []
        for _ in range(8):
            time.sleep(0.37)  # at another moment between two ticks each time
            before = position()
            connection.execute(
                "INSERT INTO events_incoming (merchant_id, shard, type, data, recorded_at)"
                " VALUES (%s, %s, 'order.placed', '{\"notify\": false}', now())",
                [merchant_id, shard],
            )
            without.append(1000 * _wait(lambda before=before: position() > before))
    with_bell.sort()
    return Result(
        "commit_to_effect", statistics.median(with_bell), "ms", raw=statistics.median(without),
        p50_ms=harness.percentile(with_bell, 50), p99_ms=harness.percentile(with_bell, 99),
    )  # fmt: skip


def _wait(is_so: object) -> float:
    return wait_for(is_so, 30, "there is no effect")  # type: ignore[arg-type]


def _everything(installation: Installation) -> None:
    for program in (installation.web, installation.worker, installation.beat):
        program.start()
    installation.wait_until_ready()
    harness.wait_until_quiet(installation)
