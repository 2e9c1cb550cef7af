"""What a look costs at each access: so much that the looks that are planned fit into the calls of a day.

The number of looks is in inverse proportion to the price: at price q a parcel is looked at every time the integral of
the square root of its rate has reached q. So the price is what all open parcels would cost at price 1, over the calls.
"""

import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Count

from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from tracking.accounts import accesses
from tracking.carriers.registry import adapter
from tracking.models import CarrierAccount, CarrierGate, Shipment
from tracking.rates import learning
from tracking.rates.book import FREE_PRICE, read_book
from tracking.rates.models import ScanLesson
from tracking.rates.priors import context_of

LEASE: Final = timedelta(seconds=60)
EVERY: Final = timedelta(hours=24)
# The rest of a day's calls is for new parcels, people who want to know now, and what is tried again.
_SHARE: Final = 0.8
_MAKE_SECONDS: Final = 600.0
_made_at = -_MAKE_SECONDS

_NEW_LESSONS = """
INSERT INTO tracking_scanlesson (id, merchant_id, due_at, attempts, looks)
SELECT gen_random_uuid(), m.id, now(), 0, '{}' FROM merchants_merchant m
WHERE m.sandbox_of_id IS NULL
  AND NOT EXISTS (SELECT FROM tracking_scanlesson l WHERE l.merchant_id = m.id)
ON CONFLICT DO NOTHING
"""


def learn_due(now: datetime) -> int:
    """Count the scans of the next merchant whose day has come, and set the prices of its accesses. Returns 0 or 1."""
    make_lessons_now_and_then()
    lessons = due.claim(ScanLesson, limit=1, lease=LEASE)
    for lesson in lessons:
        merchant = lesson.merchant
        learning.learn(merchant, now)
        looks = _looks_a_day(merchant)
        # Spread over the day by the merchant's id, so that they do not all come at once.
        again = now + EVERY * (0.9 + merchant.id.int % 1000 / 5000)
        with merchant_scope(merchant):
            due.held(lesson).update(looks=looks, learned_at=now, due_at=again, attempts=0)
        for carrier in looks:
            set_price(merchant, carrier, now)
    return len(lessons)


def make_lessons_now_and_then() -> None:
    """`make_lessons`, every ten minutes in each process."""
    global _made_at
    if time.monotonic() - _made_at > _MAKE_SECONDS:
        _made_at = time.monotonic()
        make_lessons()


def make_lessons() -> None:
    """A row for each merchant that has none yet: it is counted at once, and every day from then on."""
    with platform_scope("one lesson for each merchant"), connection.cursor() as cursor:
        cursor.execute(_NEW_LESSONS)


def set_price(merchant: Merchant, carrier: str, now: datetime) -> None:
    """Set what a look through the merchant's access to a carrier costs, by what everybody who shares it needs."""
    access, advice = accesses([(merchant.id, carrier)]).get((merchant.id, carrier)), adapter(carrier)
    if access is None or advice is None:
        return
    with platform_scope("what everybody who shares an access needs"):
        owners = CarrierAccount.objects.filter(carrier=carrier).values_list("merchant_id", flat=True)
        lessons = ScanLesson.objects.filter(looks__has_key=carrier)
        alone = merchant.id in set(owners)
        lessons = lessons.filter(merchant=merchant) if alone else lessons.exclude(merchant_id__in=owners)
        looks = sum(float(of_carrier[carrier]) for of_carrier in lessons.values_list("looks", flat=True))
    price = price_of(looks, access.pace(advice.poll).calls_per_day * advice.poll.numbers_per_call)
    row = CarrierGate(key=access.key, next_call_at=now, day=now.date(), price=price)
    CarrierGate.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["key"], update_fields=["price"]
    )


def price_of(looks: float, numbers_a_day: float) -> float:
    """The price at which so many looks a day (at price 1) fit into so many numbers that may be asked about a day."""
    return max(FREE_PRICE, looks / (_SHARE * max(numbers_a_day, 1)))


def _looks_a_day(merchant: Merchant) -> dict[str, float]:
    """By carrier: how many looks a day the open parcels cost at price 1."""
    with merchant_scope(merchant):
        rows = list(
            Shipment.objects.filter(due_at__isnull=False)
            .values_list("carrier", "status")
            .annotate(parcels=Count("id"))
            .order_by("carrier", "status")
        )
    looks: Counter[str] = Counter()
    books = {carrier: read_book(merchant, carrier) for carrier, _, _ in rows}
    for carrier, status, parcels in rows:
        context = context_of(status)
        a_day = books[carrier].rate(context, "").a_day() if context else FREE_PRICE
        looks[carrier] += parcels * a_day
    return {carrier: round(total, 3) for carrier, total in looks.items()}
