"""Who is held out: the share of shoppers who do not get a kind of message, so that its effect can be measured.

Chance decides, and always the same way: a hash of merchant, touchpoint and customer. Nothing has to be stored for it,
nobody is held out of one message and sent the next of the same kind, and a larger share only adds people.

It is decided last, at the moment of sending (`sending`): a held-out message was planned, waited and passed every check
like one that goes out, so that both groups are alike. Its row, skipped as `holdout`, is the record of it.
"""

import hashlib

from django.conf import settings

from notifications.models import MessageClass
from orders.models import Customer, Order

# What a shopper needs, or what the law asks for, is kept from nobody.
MEASURED = (MessageClass.SERVICE, MessageClass.MARKETING)
MOST_PERCENT = 50
_ONE = 2**64


def percent_of(message_class: str, chosen: int | None = None) -> int:
    """Which share of shoppers is held out, in percent: what the shop chose (None: the installation's default).

    0 for transactional and legal messages, whatever was chosen.
    """
    if message_class not in MEASURED:
        return 0
    return min(MOST_PERCENT, settings.HOLDOUT_PERCENT if chosen is None else chosen)


def is_held_out(touchpoint: str, about: Order | Customer, percent: float) -> bool:
    """Whether this shopper is in the holdout of this kind of message. Pure: the same answer for ever, no query.

    about: the customer, or an order of theirs. percent: the size of the holdout, 0 to 100.
    """
    return percent > 0 and _place(touchpoint, about) < percent * _ONE / 100


def _place(touchpoint: str, about: Order | Customer) -> int:
    """Where a shopper stands in a touchpoint's line of all shoppers: even, and unlike in every other line."""
    name = "\n".join((str(about.merchant_id), touchpoint, _shopper(about)))
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])


def _shopper(about: Order | Customer) -> str:
    if isinstance(about, Customer):
        return str(about.id)
    # Whoever has no customer's row is told apart by address, else every order is a shopper of its own.
    return str(about.customer_id or about.email.lower() or about.id)
