"""R15: days of polling a carrier that misbehaves in every way, with a clock that jumps from one due parcel to the next.

What the carrier was asked and when is judged afterwards: never faster than allowed, no parcel before its time, none
forgotten, and in the end every parcel stands where its scans say, told once.
"""

import json
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import platform_scope
from tests.tracking.conftest import dhl_parcel, facts_of, fresh, poll, scans
from tracking.asking import set_account
from tracking.carriers.registry import ADAPTERS
from tracking.models import CarrierGate, Shipment

PARCELS_A_MERCHANT = 8
DAYS = 3
STEP = timedelta(minutes=20)
CALLS_A_SECOND = 40
RETRY_AFTER = 120
# In a hundred answers so many are …
TROUBLE = {"500": 7, "429": 3, "time-out": 1, "garbage": 5, "html": 3, "404": 3}
# Hours after the hand-over.
JOURNEY = (
    (0.5, "transit", "Leipzig"),
    (9, "transit", "Hannover"),
    (20, "transit", "Berlin"),
    (50, "delivered", "Berlin"),
)


class Clock:
    """The time, running on as it does, and jumping when told."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def jump_to(self, at: datetime) -> None:
        self.offset += max(at - self.now(), timedelta(0))


@dataclass
class Unruly:
    """DHL's API in a bad mood: the same questions in the same order get the same answers."""

    clock: Clock
    shipped_at: datetime
    asked: dict[str, list[tuple[datetime, str]]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def answer(self, number: str, key: str) -> tuple[int, bytes, dict[str, str]]:
        now = self.clock.now()
        chance = random.Random(f"{number} {len(self.asked[number])}")
        what = chance.choices(["fine", *TROUBLE], [100 - sum(TROUBLE.values()), *TROUBLE.values()])[0]
        self.asked[number].append((now, what))
        self.calls[key].append(now)
        if what == "time-out":
            time.sleep(1.3)
        if what in ("500", "time-out"):
            return 500, b"{}", {}
        if what == "429":
            return 429, b"{}", {"Retry-After": str(RETRY_AFTER)}
        if what == "404":
            return 404, b'{"status": 404, "title": "No result found"}', {}
        if what in ("garbage", "html"):
            return 200, b'{"shipments": [{' if what == "garbage" else b"<html>We will be back</html>", {}
        events = [self._event(*step) for step in JOURNEY if self.shipped_at + timedelta(hours=step[0]) <= now]
        chance.shuffle(events)
        status = (
            max(events, key=lambda event: event["timestamp"]) if events else {"statusCode": "pre-transit"}
        )
        return (
            200,
            json.dumps({"shipments": [{"id": number, "status": status, "events": events}]}).encode(),
            {},
        )

    def _event(self, hours: float, code: str, city: str) -> dict[str, Any]:
        at = self.shipped_at + timedelta(hours=hours)
        return {
            "timestamp": at.isoformat(), "statusCode": code, "status": code, "description": code,
            "location": {"address": {"addressLocality": city, "countryCode": "DE"}},
        }  # fmt: skip


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(timezone, "now", made.now)
    return made


@pytest.fixture
def carrier(clock: Clock, settings: Any) -> Iterator[Unruly]:
    unruly = Unruly(clock, shipped_at=clock.now())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            number = parse_qs(urlsplit(self.path).query)["trackingNumber"][0]
            status, body, headers = unruly.answer(number, self.headers["DHL-API-Key"])
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # A caller that gave up.

    server = Quiet(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    address = f"127.0.0.1:{server.server_port}"
    settings.DHL_API_URL, settings.DHL_API_KEY = f"http://{address}", ""
    settings.OUTBOUND_ALLOW, settings.CARRIER_TIMEOUT = [address], 1.0
    yield unruly
    server.shutdown()
    server.server_close()


@pytest.mark.django_db
def test_days_of_polling_an_unruly_carrier(
    clock: Clock, carrier: Unruly, merchant: Merchant, stranger: Merchant
) -> None:
    allowed = {"calls_per_second": str(CALLS_A_SECOND), "calls_per_day": "100000"}
    parcels = []
    for owner in (merchant, stranger):
        set_account(owner, "dhl", {"api_key": owner.slug, **allowed})
        for index in range(PARCELS_A_MERCHANT):
            number = f"{owner.slug}-{index}"
            parcels.append(dhl_parcel(owner, number, placed=timedelta(hours=1), shipped_at=clock.now()))

    planned: dict[str, dict[int, datetime]] = defaultdict(dict)
    ends = clock.now() + timedelta(days=DAYS)
    while (due_at := _next_due()) and due_at < ends:
        clock.jump_to(due_at + STEP)
        poll()
        for number, due in _plans():
            planned[number].setdefault(len(carrier.asked[number]), due)

    outcomes = Counter(what for asked in carrier.asked.values() for _, what in asked)
    assert set(outcomes) == {"fine", *TROUBLE}, "the carrier was not as unruly as it should be"

    # Never faster than the bucket: in any stretch of time no more calls than its length allows, and one.
    for times in carrier.calls.values():
        times.sort()
        for first in range(len(times)):
            for last in range(first + 5, min(first + 40, len(times))):
                seconds = (times[last] - times[first]).total_seconds()
                assert last - first <= seconds * CALLS_A_SECOND * 1.5 + 2

    fastest = ADAPTERS["dhl"].poll.fastest
    shortest = {
        "500": timedelta(minutes=1), "time-out": timedelta(minutes=1), "429": timedelta(seconds=RETRY_AFTER),
    }  # fmt: skip
    for number, asked in carrier.asked.items():
        for place, ((before, what), (after, _)) in enumerate(pairwise(asked), start=1):
            assert after - before >= shortest.get(what, fastest) - timedelta(seconds=5), (number, what)
            # After a failure it is tried again soon, but nobody is sent while the gate is closed.
            interval = max(planned[number][place] - before, fastest)
            assert after - before <= 2 * interval + STEP, (number, what)

    # Nothing is lost and nothing doubled: each parcel was delivered, told once, with every scan.
    for parcel in parcels:
        assert (fresh(parcel).status, len(scans(parcel))) == ("delivered", len(JOURNEY)), (
            parcel.tracking_number
        )
        assert facts_of(parcel).count("shipment.delivered") == 1
    with platform_scope("all that waits"):
        assert all(due_at > ends for due_at in Shipment.objects.values_list("due_at", flat=True) if due_at)
    assert CarrierGate.objects.filter(key__startswith="dhl:").count() == 2


def _next_due() -> datetime | None:
    with platform_scope("what is due next"):
        return (
            Shipment.objects.filter(due_at__isnull=False)
            .order_by("due_at")
            .values_list("due_at", flat=True)
            .first()
        )


def _plans() -> list[tuple[str, datetime]]:
    with platform_scope("what is planned"):
        return list(Shipment.objects.filter(due_at__isnull=False).values_list("tracking_number", "due_at"))
