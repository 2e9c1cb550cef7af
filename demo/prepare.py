"""What has to be there before the demo's processes start: static files, tables, a shop, a free port."""

import hashlib
import socket
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.utils import timezone

from demo import seed
from demo.console import Console
from demo.journey import tell_stories
from demo.seed import Access
from demo.seed.shop import SLUG
from demo.seed.showcase import PREFIX, STAMP
from demo.state import load_access, save_access
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from orders.queries import portal_url

_PORTS_TRIED = 100
_SHOWCASE_IS_FRESH_FOR = timedelta(hours=10)
# The portal pages that are worth a look, in this order (`demo.seed.showcase`).
SHOWN = (
    "in_transit", "in_transit_de", "delayed", "delayed_de", "delivered", "delivered_de", "out_for_delivery",
    "pickup", "attempt", "exception", "just_placed", "label", "partly_shipped", "customs", "lost", "returning",
    "cancelled", "expired",
)  # fmt: skip


class NoPort(RuntimeError):
    """Every port that was tried is taken."""


def free_port(first: int, host: str = "127.0.0.1") -> int:
    """The first port from `first` on that nobody listens at. Raises NoPort."""
    for port in range(first, first + _PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise NoPort(f"the ports {first} to {first + _PORTS_TRIED - 1} are all taken")


def collect_static() -> None:
    """Collect, hash and compress the static files, unless nothing has changed since the last time."""
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            file = Path(storage.path(name)).stat()
            digest.update(f"{name} {file.st_size} {file.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".demo-stamp"
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(digest.hexdigest())


def prepare_shop(console: Console, *, fresh: bool, orders: int) -> tuple[Merchant, Access]:
    """The demo's merchant with its past, and the access to it: made, or found from an earlier start."""
    merchant = Merchant.objects.filter(slug=SLUG).first()
    if merchant is not None and fresh:
        with console.step("Forgetting the shop of the last start"):
            seed.forget_merchant(merchant)
        merchant = None
    if merchant is None or not _has_orders(merchant):
        return _new_shop(console, merchant, orders)
    access = load_access()
    if access is None or not seed.still_valid(merchant, access):
        access = seed.give_access(merchant)
        save_access(access)
    if _showcase_is_stale(merchant):
        with console.step("Adding orders of today"):
            seed.refresh_showcase(merchant)
            seed.act_as_shoppers(merchant)
    return merchant, access


def portal_urls(merchant: Merchant) -> dict[str, str]:
    """Name of a state → the page of an order that is in it, of the newest showcase."""
    found: dict[str, Order] = {}
    for name, _, order in _showcase(merchant):  # Oldest first: the newest stays.
        found[name] = order
    return {name: portal_url(merchant, found[name]) for name in SHOWN if name in found}


def _new_shop(console: Console, merchant: Merchant | None, orders: int) -> tuple[Merchant, Access]:
    console.say("  Filling the shop Nordwind:")
    merchant = merchant or seed.make_merchant()
    access = seed.give_access(merchant)
    save_access(access)
    stored = seed.fill(
        merchant, orders=orders, say=lambda text: console.say(console.paint(f"    {text} …", "dim"))
    )
    seed.act_as_shoppers(merchant)
    seed.bring_back(merchant)
    seed.leave_and_claim(merchant)
    seed.keep_customers(merchant)
    with console.step("  Sending every kind of message, in English and in German"):
        tell_stories(merchant)
    console.say(
        f"    {stored.orders:,} orders of {stored.customers:,} customers, {stored.shipments:,} parcels,"
        f" {stored.scans:,} scans, {stored.messages:,} messages"
    )
    return merchant, access


def _has_orders(merchant: Merchant) -> bool:
    with merchant_scope(merchant):
        return Order.objects.exists()


def _showcase_is_stale(merchant: Merchant) -> bool:
    stamps = [stamp for _, stamp, _ in _showcase(merchant)]
    return not stamps or stamps[-1] < f"{timezone.now() - _SHOWCASE_IS_FRESH_FOR:{STAMP}}"


def _showcase(merchant: Merchant) -> list[tuple[str, str, Order]]:
    """(name, when it was made, order) of each order of the showcases, oldest first."""
    with merchant_scope(merchant):
        orders = list(Order.objects.filter(external_id__startswith=PREFIX).defer("raw", "search"))
    named = [(order.external_id.removeprefix(PREFIX).rpartition("-"), order) for order in orders]
    return sorted(((name, stamp, order) for (name, _, stamp), order in named), key=lambda found: found[1])
