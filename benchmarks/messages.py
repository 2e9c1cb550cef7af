"""Messages rendered and handed to a sink, beside a bare smtplib loop over one connection; dry runs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import harness
from benchmarks.harness import Result
from benchmarks.imports import COUNT as ORDERS
from benchmarks.imports import import_many
from benchmarks.mail import Sink
from tools.installation import Installation

MESSAGES = 600


def messages_rendered(installation: Installation) -> Result:
    """Messages a second of one process that calls `send_due` until nothing is due; a worker as shipped has two.

    They are claimed, decided again, rendered, begun, sent and noted. Two bare loops hand the same mails over on one
    connection in the same run, without a database: one has them rendered already (`raw`), one renders them
    (`raw_rendering`). cpu_ms: what our process spends on a message.
    """
    rounds: list[tuple[float, float, float, float]] = []
    with _sink(installation):
        for _ in range(harness.ROUNDS):
            ours, cpu = map(float, _run(installation, _OURS).split()[-2:])
            bare, rendering = (
                float(_run(installation, loop).split()[-1]) for loop in (_BARE, _BARE_RENDERING)
            )
            rounds.append((ours, cpu, bare, rendering))
    value, cpu, raw, raw_rendering = (sorted(each)[len(each) // 2] for each in zip(*rounds, strict=True))
    return Result(
        "messages_rendered", value, "messages/s", raw=raw, ratio=value / raw, cpu_ms=cpu, raw_rendering=raw_rendering,
        ratio_rendering=value / raw_rendering,
    )  # fmt: skip


@contextmanager
def _sink(installation: Installation) -> Iterator[None]:
    """A server for the mails of the scripts that run meanwhile; the worker rests."""
    for program in (installation.worker, installation.beat):
        program.stop()
    sink = Sink()
    installation.environment.update(AFTERWARD_SMTP_HOST="127.0.0.1", AFTERWARD_SMTP_PORT=str(sink.port))
    try:
        yield
    finally:
        sink.shutdown()
        sink.server_close()


def dry_run(installation: Installation) -> Result:
    """Seconds that `manage.py dry_run` takes over the facts of 100,000 orders, and the peak of its memory."""
    import_many(installation)
    seconds, peak, printed = harness.watched(
        installation, "dry-run", ["manage.py", "dry_run", "order_confirmation", "--days", "30", "--merchant",
                                  "nordwind", "--json"],
    )  # fmt: skip
    found = json.loads(printed[printed.index("{") :])
    if found["facts"] < ORDERS:
        raise RuntimeError(f"the dry run met {found['facts']} facts of {ORDERS}")
    result = Result("dry_run", seconds, "s")
    result.peak_mb = peak
    return result


def _run(installation: Installation, script: str) -> str:
    return installation.python(script.replace("COUNT", str(MESSAGES)), timeout=300)


_SETUP = """
import time
import django
django.setup()
from django.utils import timezone
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from notifications.models import Message
merchant = Merchant.objects.get(slug="nordwind")
"""
# Orders like those of a shop, planned as the reader plans them.
_PLANNING = (
    _SETUP
    + """
import msgspec
from benchmarks.orders import order_body
from notifications import planning
from notifications.choices import Channel
from notifications.touchpoints import TOUCHPOINTS
from orders.commands import place_order
from orders.models import Order
from orders.schemas import OrderIn
from merchants.ids import uuid7

def place(count):
    ids = []
    for number in range(count):
        body = {**order_body(uuid7().hex), "notify": False}
        ids.append(place_order(merchant, msgspec.convert(body, OrderIn, strict=False)).order_id)
    return ids

def plan(ids):
    with merchant_transaction(merchant):
        rows = [
            planning.plan(merchant, order, TOUCHPOINTS["order_confirmation"], Channel.EMAIL, moment="")
            for order in Order.objects.filter(pk__in=ids)
        ]
        planning.store(rows)
    return [row.pk for row in rows]
"""
)
# The first batch loads what a running worker has loaded, which the collector leaves alone from then on as in a worker.
_OURS = (
    _PLANNING
    + """
import gc
from notifications.sending import send_due
plan(place(20))
while send_due():
    pass
gc.freeze()
wanted = plan(place(COUNT))
began, cpu = time.perf_counter(), time.process_time()
while send_due():
    pass
spent, cpu = time.perf_counter() - began, time.process_time() - cpu
with merchant_scope(merchant):
    assert Message.objects.filter(pk__in=wanted, state="sent").count() == COUNT
print(COUNT / spent, cpu * 1000 / COUNT)
"""
)
_BARE = (
    _SETUP
    + """
import smtplib
from django.conf import settings
from notifications.channels.email import build
with merchant_scope(merchant):
    rows = Message.objects.filter(state="sent", touchpoint="order_confirmation").order_by("-planned_at")[:COUNT]
    mails = [(row.recipient, build(merchant, row).message().as_bytes(linesep="\\r\\n")) for row in rows]
assert len(mails) == COUNT
began = time.perf_counter()
with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT) as smtp:
    for recipient, mail in mails:
        smtp.sendmail("orders@nordwind.test", [recipient], mail)
print(COUNT / (time.perf_counter() - began))
"""
)
_BARE_RENDERING = (
    _SETUP
    + """
import gc
import smtplib
from django.conf import settings
from notifications import context, wording
from notifications.channels.email import build
from notifications.channels.mime import as_bytes
with merchant_scope(merchant):
    rows = Message.objects.filter(state="sent", touchpoint="order_confirmation").order_by("-planned_at")[:COUNT]
    rows = list(rows)
    loaded = context.load(merchant, rows)
    shown = [context.context_of(row, loaded) for row in rows]
assert len(rows) == COUNT
wording.fill(rows[0], loaded.templates, shown[0])
gc.freeze()
began = time.perf_counter()
with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT) as smtp:
    for row, data in zip(rows, shown):
        said, _ = wording.fill(row, loaded.templates, data)
        row.subject, row.html, row.text = said.subject, said.html, said.text
        smtp.sendmail("orders@nordwind.test", [row.recipient], as_bytes(build(merchant, row)))
print(COUNT / (time.perf_counter() - began))
"""
)
