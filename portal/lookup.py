"""Finding an order without a link: its number and the e-mail address or postcode that belong to it (R24).

A miss does the work of a hit: the same statement, the same comparisons, the same page.
"""

import hmac
import time
from dataclasses import dataclass, replace
from datetime import datetime

from django.http import HttpRequest

from merchants.client_ip import client_ip, network_of
from merchants.models import Merchant
from merchants.throttle import forgive, hit
from orders.models import Order
from orders.text import normal_email, normal_number, normal_postcode
from portal.errors import TooMany

TRIES = 10
TRIES_AT_A_MERCHANT = 600  # by everybody together: whoever has many addresses does not get further
WINDOW = 60  # seconds
# A country has some thousand postcodes: at ten a minute an order's would be found within a day.
POSTCODES = 30
POSTCODES_WINDOW = 24 * 3600
# Links are mailed to the address on file, so a stranger could only annoy: less often than looking up.
LINKS = 3
LINKS_WINDOW = 3600
# Sending writes rows and missing does not: every answer to the link form takes as long.
LINK_ANSWER_SECONDS = 0.15
_SAME_NUMBER = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, in normal form."""

    number: str
    email: str
    postcode: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Asked":
        who = request.POST.get("who", "")[:254]
        return cls(
            number=normal_number(request.POST.get("order", "")[:100]),
            email=normal_email(who),
            postcode="" if "@" in who else normal_postcode(who),
        )


def count_try(request: HttpRequest, merchant: Merchant, number: str) -> None:
    """Count a look-up for the client, the order number and the merchant. Raises TooMany."""
    client = network_of(client_ip(request))
    waits = (
        hit("lookup-client", merchant.pk, client, limit=TRIES, window=WINDOW),
        hit("lookup-number", merchant.pk, number, limit=TRIES, window=WINDOW),
    )
    # What was turned away counts for the merchant no more: one client must not use up everybody's tries.
    wait = max(waits) or hit("lookup-merchant", merchant.pk, limit=TRIES_AT_A_MERCHANT, window=WINDOW)
    if wait:
        raise TooMany(wait)


def without_guesses(merchant: Merchant, asked: Asked) -> Asked:
    """What was typed; without the postcode once too many were tried for this number today.

    The answer does not say so, and the e-mail address still opens the page. Counted for numbers that do not exist, too.
    """
    if asked.postcode and hit(
        "lookup-postcode", merchant.pk, asked.number, limit=POSTCODES, window=POSTCODES_WINDOW
    ):
        return replace(asked, postcode="")
    return asked


def forget_guesses(merchant: Merchant, asked: Asked) -> None:
    """Begin counting postcodes anew, after one that was right."""
    if asked.postcode:
        forgive("lookup-postcode", merchant.pk, asked.number)


def may_send_link(merchant: Merchant, number: str) -> bool:
    """Whether another link may be mailed for this number. Counted for numbers that do not exist, too."""
    return hit("link-number", merchant.pk, number, limit=LINKS, window=LINKS_WINDOW) == 0


def find_order(asked: Asked) -> Order | None:
    """The newest order of the open scope with this number and this e-mail address or postcode."""
    # Without `raw`: a large one would tell by its loading time that the number exists.
    candidates = Order.objects.filter(lookup_number=asked.number).defer("raw", "search")
    newest = candidates.order_by("-placed_at", "-id")[:_SAME_NUMBER]
    found = [order for order in newest if _belongs(order, asked)]
    return found[0] if found and asked.number else None


def is_open(order: Order, now: datetime) -> bool:
    """Whether the order's link still works."""
    return order.link_expires_at > now


def _belongs(order: Order, asked: Asked) -> bool:
    by_email = hmac.compare_digest(order.email.encode(), asked.email.encode()) and bool(asked.email)
    postcode = normal_postcode(order.postcode)
    by_postcode = hmac.compare_digest(postcode.encode(), asked.postcode.encode()) and bool(asked.postcode)
    return by_email or by_postcode


def wait_until(started: float, seconds: float) -> None:
    """Answer no sooner than this after `started` (`time.perf_counter()`)."""
    time.sleep(max(0.0, seconds - (time.perf_counter() - started)))
