"""Polling: answered parcels a second with a slow carrier, and claiming the due ones among ten million."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from benchmarks import harness, scans
from benchmarks.harness import Result
from tools.installation import Installation, wait_for

SECONDS_AN_ANSWER = 0.2
PARCELS = int(os.environ.get("POLL_PARCELS", "6000"))
WARM_UP = 600
SMALL = 10_000
LARGE = int(os.environ.get("CLAIM_PARCELS", "10000000"))
BATCH, CLAIMS = 500, 9


def poll_throughput(installation: Installation) -> Result:
    """Answered parcels a second of one worker group (two processes), each answer with three new scans.

    `cpu_ms` is the worker's for each of them. Prints what PostgreSQL and the stand-in carrier spent beside it: on a
    machine that has other work to do, that tells how many there could be.
    """
    with _carrier() as (port, pid):
        installation.environment |= {
            "DHL_API_URL": f"http://127.0.0.1:{port}", "AFTERWARD_OUTBOUND_ALLOW": f"127.0.0.1:{port}",
        }  # fmt: skip
        for program in (installation.worker, installation.beat):
            program.stop()
        installation.python(_ACCESS)
        for program in (installation.worker, installation.beat):
            program.start()
        installation.wait_until_ready()
        _poll(installation, WARM_UP)
        before = _spent(_postmaster(installation)), _spent(pid)
        rounds = [_poll(installation, PARCELS) for _ in range(harness.ROUNDS)]
        after = _spent(_postmaster(installation)), _spent(pid)
        for program in (installation.worker, installation.beat):
            program.stop()
    database, carrier = (
        (end - begun) * 1000 / (PARCELS * harness.ROUNDS) for begun, end in zip(before, after, strict=True)
    )
    print(f"  CPU for each parcel: PostgreSQL {database:.1f} ms, the carrier {carrier:.1f} ms", flush=True)
    return Result(
        "poll_throughput", statistics.median(speed for speed, _ in rounds), "parcels/s",
        cpu_ms=statistics.median(cpu for _, cpu in rounds),
    )  # fmt: skip


def _poll(installation: Installation, count: int) -> tuple[float, float]:
    """Let so many parcels come due. Returns how many were answered a second, and the worker's CPU for each (ms)."""
    numbers = scans.parcels(installation, count)
    like = f"{numbers[0][:-6]}%"
    with installation.connect() as connection:
        spent = harness.cpu_seconds(installation.worker)
        connection.execute(
            "UPDATE tracking_shipment SET carrier = 'dhl', due_at = now() WHERE tracking_number LIKE %s",
            [like],
        )
        began = time.perf_counter()

        def answered() -> bool:
            time.sleep(0.25)  # Counting must not be what is measured.
            row = connection.execute(
                "SELECT count(*) FROM tracking_shipment WHERE tracking_number LIKE %s AND status = 'in_transit'",
                [like],
            ).fetchone()
            return row == (count,)

        wait_for(answered, 600, "parcels were not answered")
        seconds = time.perf_counter() - began
    return count / seconds, (harness.cpu_seconds(installation.worker) - spent) * 1000 / count


def _postmaster(installation: Installation) -> int:
    return int((installation.data / "postmaster.pid").read_text().splitlines()[0])


def _spent(pid: int) -> float:
    """CPU seconds of a process, its children and those that have ended."""
    parent = psutil.Process(pid)
    total = float(sum(parent.cpu_times()[:4]))
    for child in parent.children():
        with suppress(psutil.NoSuchProcess):  # It has ended meanwhile: its time is the parent's now, or soon.
            total += sum(child.cpu_times()[:2])
    return total


@contextmanager
def _carrier() -> Iterator[tuple[int, int]]:
    """A slow carrier: its port and its process."""
    stub = subprocess.Popen(  # Our own module.
        [sys.executable, "-m", "benchmarks.stub_carrier", str(SECONDS_AN_ANSWER)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert stub.stdout is not None
        yield int(stub.stdout.readline()), stub.pid
    finally:
        stub.kill()
        stub.wait()


def claim_due(installation: Installation) -> Result:
    """Milliseconds to claim 500 due parcels among ten million (CLAIM_PARCELS); `raw`: among ten thousand."""
    folder = Path(tempfile.mkdtemp(prefix="aw-bench-"))
    try:
        with Installation(folder) as empty:
            empty.start_servers()
            empty.prepare()
            small = _claim(empty, SMALL)
            large = _claim(empty, LARGE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"  among {SMALL}: {small:.1f} ms, among {LARGE}: {large:.1f} ms", flush=True)
    return Result("claim_due", large, "ms", raw=small, ratio=large / small)


def _claim(installation: Installation, parcels: int) -> float:
    with installation.connect() as connection:
        connection.execute("TRUNCATE tracking_shipment CASCADE")
        connection.execute("SET synchronous_commit = off")
        rows = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'tracking_shipment'"
            " AND indexdef NOT LIKE 'CREATE UNIQUE%'"
        ).fetchall()
        for name, _ in rows:
            connection.execute(f'DROP INDEX "{name}"')
        connection.execute(_ORDERS, {"orders": -(-parcels // _IN_AN_ORDER)})
        connection.execute(
            _MANY, {"parcels": parcels, "in_an_order": _IN_AN_ORDER, "due": BATCH * (CLAIMS + 1)}
        )
        for _, definition in rows:
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE tracking_shipment")
        connection.execute("CHECKPOINT")
    script = _CLAIM.replace("CLAIMS", str(CLAIMS)).replace("BATCH", str(BATCH))
    return float(installation.python(script, timeout=600).split()[-1])


_IN_AN_ORDER = 30_000
_ACCESS = """
import django
django.setup()
from merchants.models import Merchant
from tracking.asking import set_account
allowance = {"calls_per_second": "100000", "calls_per_day": "900000000"}
set_account(Merchant.objects.get(slug="nordwind"), "dhl", {"api_key": "a-key", **allowance})
"""
_CLAIM = """
import statistics, time
import django
django.setup()
from tracking import claims
taken = []
assert len(claims.claim(BATCH)) == BATCH  # Everything is loaded and planned now.
for _ in range(CLAIMS):
    began = time.perf_counter()
    assert len(claims.claim(BATCH)) == BATCH
    taken.append(time.perf_counter() - began)
print(statistics.median(taken) * 1000)
"""
_ORDERS = """
INSERT INTO orders_order (
    id, merchant_id, external_id, number, lookup_number, status, stage, placed_at, email, phone, sms_consent,
    first_name, last_name, locale, shipping_address, city, postcode, country, currency, subtotal, shipping, tax,
    discount, total, source, raw, link_digest, link_version, link_expires_at, created_at, updated_at)
SELECT gen_random_uuid(), (SELECT id FROM merchants_merchant WHERE slug = 'nordwind'), 'claim-' || number,
       '#' || number, number::text, 'placed', 'in_transit', now(), '', '', false, '', '', 'en', '{}', 'Berlin', '10115',
       'DE', 'EUR', 89, 0, 0, 0, 89, 'api', '{}', sha256(('claim-' || number)::bytea), 1, now(), now(), now()
FROM generate_series(1, %(orders)s) AS number
ON CONFLICT DO NOTHING
"""
# As few as are claimed are due, anywhere in the table; the others come due during the day.
_MANY = """
WITH placed AS (SELECT merchant_id, id, row_number() OVER (ORDER BY id) - 1 AS place FROM orders_order
                WHERE external_id LIKE 'claim-%%')
INSERT INTO tracking_shipment (
    id, merchant_id, order_id, external_id, number, carrier, carrier_name, tracking_number, tracking_url, service,
    status, substatus, status_at, shipped_at, failed_attempts, attempts, eta_source, signed_by, pickup_place,
    poll_error, raw, created_at, updated_at, due_at)
SELECT gen_random_uuid(), merchant_id, placed.id, number::text, number %% %(in_an_order)s, 'dhl', '', 'C' || number, '',
       '', 'in_transit', '', now(), now(), 0, 0, '', '', '', '', '{}', now(), now(),
       CASE WHEN number %% greatest(%(parcels)s / %(due)s, 1) = 0 THEN now() - random() * interval '1 hour'
            ELSE now() + interval '1 hour' + random() * interval '1 day' END
FROM generate_series(0, %(parcels)s - 1) AS number JOIN placed ON placed.place = number / %(in_an_order)s
"""
