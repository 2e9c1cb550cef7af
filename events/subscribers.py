"""Readers of the log.

A subscriber is a name, the types it wants and a function over a batch of one merchant's facts. Its
cursor moves in the transaction that holds its effects: each fact has its effect exactly once in the
database. A fact that makes it fail is parked and tried again later; the line goes on.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from events.facts import RecordedFact, known_types
from merchants.models import Merchant

Handler = Callable[[Merchant, Sequence[RecordedFact]], None]


@dataclass(frozen=True)
class Subscriber:
    """One reader.

    handle: called in the merchant's scope and inside the transaction that moves the cursor, with that
        merchant's facts in order. Must not call anything outside the database.
    forget: deletes the reader's derived rows (all merchants), for `manage.py rebuild`; None when replaying
        the log would repeat something in the world (a message to a person).
    """

    name: str
    types: tuple[str, ...]
    handle: Handler
    forget: Callable[[], None] | None = None
    batch: int = 500


_subscribers: dict[str, Subscriber] = {}


def subscribe(
    name: str, types: Iterable[str], *, forget: Callable[[], None] | None = None, batch: int = 500
) -> Callable[[Handler], Handler]:
    """Declare the decorated function as the subscriber `name` of these fact types."""

    def declare(handle: Handler) -> Handler:
        wanted = tuple(types)
        unknown = set(wanted) - set(known_types())
        if name in _subscribers or unknown:
            raise ValueError(f"subscriber {name}: declared twice, or unknown types {sorted(unknown)}")
        _subscribers[name] = Subscriber(name, wanted, handle, forget, batch)
        return handle

    return declare


def all_subscribers() -> list[Subscriber]:
    """Every declared subscriber, in order of declaration."""
    return list(_subscribers.values())


def get_subscriber(name: str) -> Subscriber:
    """The subscriber of this name. Raises KeyError."""
    return _subscribers[name]


def by_merchant(facts: Sequence[RecordedFact]) -> list[tuple[UUID, list[RecordedFact]]]:
    """The batch as one list a merchant; each merchant's facts stay in order."""
    in_order = sorted(facts, key=lambda f: (f.merchant_id.bytes, f.position))
    return [
        (merchant_id, list(group)) for merchant_id, group in groupby(in_order, key=lambda f: f.merchant_id)
    ]
