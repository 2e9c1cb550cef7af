"""Messages rendered and handed to a sink by one worker, beside a bare smtplib loop over one connection; dry runs."""

import json

from benchmarks import harness
from benchmarks.harness import Result
from benchmarks.imports import COUNT as ORDERS
from benchmarks.imports import import_many
from benchmarks.mail import Sink
from tools.installation import Installation

MESSAGES = 600


def messages_rendered(installation: Installation) -> Result:
    """Messages a second: planned rows are claimed, decided again, rendered, committed, sent and noted, one by one.

    The bare loop hands the very same mails over, rendered before: no database, no rendering.
    """
    sink = Sink()
    installation.environment.update(AFTERWARD_SMTP_HOST="127.0.0.1", AFTERWARD_SMTP_PORT=str(sink.port))
    for program in (installation.worker, installation.beat):
        program.stop()
    try:
        # In turns, and each of them sends what the other one sent: ours first, for it renders what the bare loop sends.
        rounds, limits = [], []
        for _ in range(harness.ROUNDS):
            rounds.append(_printed(installation, _OURS))
            limits.append(_printed(installation, _BARE))
    finally:
        sink.shutdown()
        sink.server_close()
    value, raw = (sorted(each)[len(each) // 2] for each in (rounds, limits))
    return Result("messages_rendered", value, "messages/s", raw=raw, ratio=value / raw)


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


def _printed(installation: Installation, script: str) -> float:
    return float(installation.python(script.replace("COUNT", str(MESSAGES)), timeout=300).split()[-1])


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
# Orders like those of a shop, planned as the reader plans them. The first batch loads what a running worker has loaded.
_OURS = (
    _SETUP
    + """
import msgspec
from benchmarks.orders import order_body
from notifications import planning
from notifications.choices import Channel
from notifications.sending import send_due
from notifications.touchpoints import TOUCHPOINTS
from orders.commands import place_order
from orders.models import Order
from orders.schemas import OrderIn
from merchants.ids import uuid7

def plan(count):
    ids = []
    for number in range(count):
        body = {**order_body(uuid7().hex), "notify": False}
        ids.append(place_order(merchant, msgspec.convert(body, OrderIn, strict=False)).order_id)
    with merchant_transaction(merchant):
        rows = [
            planning.plan(merchant, order, TOUCHPOINTS["order_confirmation"], Channel.EMAIL, moment="")
            for order in Order.objects.filter(pk__in=ids)
        ]
        planning.store(rows)
    return [row.pk for row in rows]

plan(20)
while send_due():
    pass
wanted = plan(COUNT)
began = time.perf_counter()
while send_due():
    pass
spent = time.perf_counter() - began
with merchant_scope(merchant):
    assert Message.objects.filter(pk__in=wanted, state="sent").count() == COUNT
print(COUNT / spent)
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
