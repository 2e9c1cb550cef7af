"""The curves that hold for a merchant's parcels with a carrier, and what a look costs there; kept for some minutes.

From broad to narrow, each drawn towards the one before where there is little to count: what is assumed, what all
merchants saw of the carrier, what this one saw, what it saw of the service.
"""

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from merchants.models import Merchant
from merchants.scope import merchant_scope
from tracking.accounts import accesses
from tracking.models import CarrierGate
from tracking.rates.counting import Counts, fitted
from tracking.rates.curves import Rate
from tracking.rates.models import CarrierScanCounts, ScanCounts
from tracking.rates.priors import HOURS, prior

# What a look costs where nothing is short: a parcel on its way by day is looked at about every other hour.
FREE_PRICE: Final = 0.6
_KEPT_SECONDS: Final = 600.0
_MOST_BOOKS: Final = 2000
# A service with fewer scans is no different from the others.
_SCANS_OF_A_SERVICE: Final = 50


@dataclass(frozen=True)
class Book:
    """Curves by (context, service); service "": of the carrier as a whole."""

    rates: dict[tuple[str, str], Rate]
    price: float

    def rate(self, context: str, service: str) -> Rate:
        """The curves of a context, of the service if it has its own."""
        return self.rates.get((context, service)) or self.rates[context, ""]


_books: dict[tuple[UUID, str], tuple[float, Book]] = {}


def book_of(merchant: Merchant, carrier: str) -> Book:
    """The book of a merchant and a carrier, at most ten minutes old. Four short queries when it is not at hand."""
    kept = _books.get((merchant.id, carrier))
    if kept is not None and kept[0] > time.monotonic():
        return kept[1]
    if len(_books) >= _MOST_BOOKS:
        _books.clear()
    book = read_book(merchant, carrier)
    _books[merchant.id, carrier] = (time.monotonic() + _KEPT_SECONDS, book)
    return book


def put_away() -> None:
    """Forget the books at hand: what was learned since is read."""
    _books.clear()


def read_book(merchant: Merchant, carrier: str) -> Book:
    """The book as it stands in the database."""
    sums = dict(CarrierScanCounts.objects.filter(carrier=carrier).values_list("context", "counts"))
    own: dict[str, dict[str, Counts]] = defaultdict(dict)
    with merchant_scope(merchant):
        for row in ScanCounts.objects.filter(carrier=carrier):
            own[row.context][row.service] = Counts(**row.counts)
    rates: dict[tuple[str, str], Rate] = {}
    for context in HOURS:
        everybody = fitted(Counts(**sums[context]), prior(context)) if context in sums else prior(context)
        together = Counts()
        for counts in own[context].values():
            together.add(counts)
        mine = rates[context, ""] = fitted(together, everybody)
        for service, counts in own[context].items():
            if service and counts.scans >= _SCANS_OF_A_SERVICE:
                rates[context, service] = fitted(counts, mine)
    return Book(rates, _price(merchant, carrier))


def _price(merchant: Merchant, carrier: str) -> float:
    access = accesses([(merchant.id, carrier)]).get((merchant.id, carrier))
    if access is None:
        return FREE_PRICE
    price = CarrierGate.objects.filter(pk=access.key).values_list("price", flat=True).first()
    return max(price or 0.0, FREE_PRICE)
