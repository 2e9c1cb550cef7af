"""The shop is asked what it has of the variants that a shopper looks at, and of those that are taken.

What it answers is stored as what it told, so that all else reads one number. A shop that does not answer in time costs
a shopper two seconds once a minute, and the number that it told before holds. Never within a transaction.
"""

import json
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec
import structlog
from django.utils import timezone

from merchants import audit
from merchants.addresses import Policy
from merchants.http import OutboundError, OutboundSession, Timeout
from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.rest.errors import NotFound
from merchants.scope import merchant_transaction
from orders.models import Variant
from orders.products import put_stock
from returns.stock_models import StockHook
from webhooks.checks import check_url, policy
from webhooks.signing import new_secret, signed_headers

log = structlog.get_logger(__name__)

TIMEOUT: Final = Timeout(connect=1.0, read=2.0, total=2.0)
MOST_BYTES: Final = 65_536
# A page offers at most a hundred other things, and the sizes of what was bought.
MOST_ASKED: Final = 200
QUIET: Final = timedelta(minutes=1)
_LARGEST: Final = 2_000_000_000


def set_stock_hook(merchant: Merchant, url: str) -> tuple[StockHook, str]:
    """Say where the shop is asked. Returns the row, and a new secret; "" where another address keeps the old one.

    Raises Unprocessable for an address that can never be called.
    """
    url = check_url(url)
    with merchant_transaction(merchant):
        hook = StockHook.objects.select_for_update(no_key=True).first()
        if hook is not None:
            before, hook.url, hook.quiet_until, hook.problem = hook.url, url, None, ""
            hook.save(update_fields=["url", "quiet_until", "problem"])
            if before != url:
                audit.record_change("stock_hook.saved", "", url, {"url": [before, url]})
            return hook, ""
        secret = new_secret()
        hook = StockHook.objects.create(merchant=merchant, url=url, secret=secret, created_at=timezone.now())
        audit.record_change("stock_hook.saved", "", url, {"url": [None, url]})
    return hook, secret


def remove_stock_hook(merchant: Merchant) -> StockHook:
    """Ask the shop no more. Returns what is not there any more; raises NotFound where it was not asked."""
    with merchant_transaction(merchant):
        hook = stock_hook()
        audit.record_change("stock_hook.removed", "", hook.url)
        StockHook.objects.filter(pk=hook.pk).delete()
    return hook


def stock_hook() -> StockHook:
    """Where the shop of the open scope is asked. Raises NotFound."""
    hook = StockHook.objects.first()
    if hook is None:
        raise NotFound("No address is set at which stock is asked.")
    return hook


def ask_shop(merchant: Merchant, variants: Iterable[str]) -> bool:
    """Ask the shop of the open scope how many there are of variants, by what it calls them, and note its answer.

    Returns whether it answered; where it does not, or need not be asked, everything stays as it was. Where no address
    is set, that is one query and `variants` are not read. Raises RuntimeError in a transaction.
    """
    hook = StockHook.objects.first()
    if hook is None or (hook.quiet_until is not None and hook.quiet_until > timezone.now()):
        return False
    known = Variant.objects.filter(external_id__in=[name for name in variants if name])
    skus = dict(known.order_by("external_id").values_list("external_id", "sku")[:MOST_ASKED])
    if not skus:
        return False
    try:
        told = _answer(hook, skus)
    except (OutboundError, ValueError) as problem:
        log.warning("stock_not_told", merchant=merchant.slug, problem=str(problem)[:200])
        _note(merchant, hook, quiet_until=timezone.now() + QUIET, problem=str(problem)[:200])
        return False
    put_stock(merchant, told)
    _note(merchant, hook, problem="", quiet_until=None, answered_at=timezone.now())
    return True


class _Stock(msgspec.Struct):
    """The shop's answer; null: it does not count it."""

    stock: dict[str, Annotated[int, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)] | None]


def _note(merchant: Merchant, hook: StockHook, **values: Any) -> None:
    with merchant_transaction(merchant):
        StockHook.objects.filter(pk=hook.pk, url=hook.url).update(**values)


def _answer(hook: StockHook, skus: Mapping[str, str]) -> dict[str, int | None]:
    """What the shop says of those that it was asked for. Raises OutboundError, and ValueError for no such answer."""
    asked = [{"variant": name, "sku": sku} for name, sku in skus.items()]
    body = json.dumps({"type": "stock.asked", "variants": asked}).encode()
    headers = signed_headers(f"stk_{uuid7().hex}", int(time.time()), body, [hook.secret])
    headers["Content-Type"] = "application/json"
    answer = _session(policy()).request(
        "POST", hook.url, headers=headers, data=body, timeout=TIMEOUT, max_bytes=MOST_BYTES
    )
    if not answer.ok:
        raise ValueError(f"the shop answered {answer.status}")
    told = msgspec.json.decode(answer.body, type=_Stock).stock
    return {name: number for name, number in told.items() if name in skus}


@lru_cache(maxsize=4)
def _session(allowed: Policy) -> OutboundSession:
    return OutboundSession(allowed)
