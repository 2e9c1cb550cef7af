"""Pulls: fetching a shop's history and what it sells, page by page, as due work that goes on wherever it stopped.

1. A pull is claimed. Whoever dies leaves a row that comes due again within a minute, at the page it was at.
2. A page is asked for, outside of any transaction.
3. Each of its records is stored in a transaction of its own; one that cannot be stored is counted.
4. Then the cursor moves. A page that is read twice changes nothing: the second time it is an update.

Shoppers are told nothing about what happened before their shop was connected (`orders.receiving`).
"""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from events import due
from merchants.audit import record_change
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Problem, Unprocessable
from merchants.scope import merchant_scope, merchant_transaction
from orders import receiving
from orders.connectors.api import Page, PageTooLarge, ShopApi, ShopError, ShopRefusesUs, ShopThrottles
from orders.connectors.base import ShopOrder, ShopProduct
from orders.connectors.clients import api_of
from orders.connectors.lenient import Unreadable
from orders.customers import put_customer
from orders.models import PullState, ShopConnection, ShopPull

log = structlog.get_logger(__name__)

PULLS = "orders.pulls"
_LEASE: Final = timedelta(seconds=60)
_RUN_SECONDS: Final = 3.0
_MOST_ATTEMPTS: Final = 10  # in a row: with the back-off, about three hours


def start_pull(merchant: Merchant, connection_id: UUID, kind: str) -> ShopPull:
    """Begin to fetch a shop's orders, customers or products. Raises NotFound, Conflict for one that runs already,
    and Unprocessable for a shop whose API we have no access to."""
    now = timezone.now()
    try:
        with merchant_transaction(merchant):
            connection = _connection(connection_id)
            try:
                api_of(connection)
            except ShopError as error:
                raise Unprocessable(str(error), code="no_access") from None
            pull = ShopPull(merchant=merchant, connection=connection, kind=kind, started_at=now, due_at=now)
            pull.save(force_insert=True)
            record_change("shop_pull.started", public_id("pul", pull.id), f"{connection.source} {kind}")
            due.ring_when_committed(PULLS)
    except IntegrityError:
        raise Conflict("This is being fetched already.", code="pull_running") from None
    return pull


def stop_pull(merchant: Merchant, pull_id: UUID) -> None:
    """Stop fetching; it can be continued. Raises NotFound; one that runs no more stays as it is."""
    with merchant_transaction(merchant):
        pull = _pull(pull_id)
        if pull.state == PullState.RUNNING:
            pull.state, pull.due_at, pull.ended_at = PullState.STOPPED, None, timezone.now()
            pull.save(update_fields=["state", "due_at", "ended_at"])
            record_change("shop_pull.stopped", public_id("pul", pull.id), pull.kind)


def continue_pull(merchant: Merchant, pull_id: UUID) -> None:
    """Go on where a pull stopped or failed. Raises NotFound, and Conflict when another one of its kind runs."""
    try:
        with merchant_transaction(merchant):
            pull = _pull(pull_id)
            if pull.state not in (PullState.STOPPED, PullState.FAILED):
                return
            pull.state, pull.due_at, pull.ended_at = PullState.RUNNING, timezone.now(), None
            pull.attempts, pull.error = 0, ""
            pull.save(update_fields=["state", "due_at", "ended_at", "attempts", "error"])
            record_change("shop_pull.continued", public_id("pul", pull.id), pull.kind)
            due.ring_when_committed(PULLS)
    except IntegrityError:
        raise Conflict("This is being fetched already.", code="pull_running") from None


def _connection(connection_id: UUID) -> ShopConnection:
    found = ShopConnection.objects.filter(pk=connection_id).first()
    if found is None:
        raise NotFound("There is no such shop.", param="connection_id")
    return found


def _pull(pull_id: UUID) -> ShopPull:
    found = ShopPull.objects.select_for_update(of=("self",)).filter(pk=pull_id).first()
    if found is None:
        raise NotFound("There is no such pull.", param="pull_id")
    return found


@due.due_work(PULLS)
def pull_due() -> int:
    """Claim a pull that is due and fetch some of its pages. Returns how many were claimed."""
    pulls = due.claim(ShopPull, limit=1, lease=_LEASE, related=("connection",))
    for pull in pulls:
        with merchant_scope(pull.merchant):
            _go_on(pull)
    return len(pulls)


def _go_on(pull: ShopPull) -> None:
    """Fetch pages until the time is up, the end is reached, or something is wrong."""
    stop_at = time.monotonic() + _RUN_SECONDS
    if pull.attempts > 1:
        pull.error = ""  # It was the last try's, and not about a record.
    try:
        api = api_of(pull.connection)
        while True:
            page = api.page(pull.kind, pull.cursor, pull.page_size or api.page_size)
            if not _take_page(pull, api, page):
                return
            wait = timedelta(seconds=page.wait)
            if not _move_on(pull, page, wait) or wait or time.monotonic() > stop_at:
                return
            if not due.renew(pull, _LEASE):
                return
    except PageTooLarge as error:
        _ask_for_less(pull, api, error)
    except ShopThrottles as error:
        _later(pull, timezone.now() + timedelta(seconds=error.wait), "", attempts=0)
    except ShopRefusesUs as error:
        _fail(pull, str(error))
    except ShopError as error:
        _wait_or_fail(pull, str(error))
    except (OperationalError, InterfaceError):
        raise  # The database is away: the lease ends, and the pull comes due again.
    except Exception as error:  # A fault of ours must not come due every minute.
        log.exception("pull_broke", pull=str(pull.pk))
        _wait_or_fail(pull, f"It broke ({type(error).__name__}: {error}).")


def _take_page(pull: ShopPull, api: ShopApi, page: Page) -> bool:
    """Store the records of a page. Returns False when somebody else has the pull by now."""
    for number, record in enumerate(page.records):
        if number % 20 == 0 and not due.renew(pull, _LEASE):
            return False
        refusal = _take(pull, api, record)
        if refusal:
            pull.refused += 1
            pull.error = f"{record.get('id', '?')}: {refusal}"[:2000]
    return True


def _take(pull: ShopPull, api: ShopApi, record: Mapping[str, Any]) -> str:
    """Store one record. Returns why it could not be, "" when it was."""
    try:
        with merchant_transaction(pull.merchant):
            told = api.read(pull.kind, record)
            if isinstance(told, ShopOrder):
                receiving.take_order(pull.merchant, told, since=pull.connection.created_at)
            elif isinstance(told, ShopProduct):
                receiving.take_product(pull.merchant, told)
            else:
                put_customer(pull.merchant, told)
    except (Unreadable, Problem) as error:
        return str(error)
    return ""


def _move_on(pull: ShopPull, page: Page, wait: timedelta) -> bool:
    """Note that a page is stored. Returns whether there is another one, and the pull is still ours."""
    now = timezone.now()
    ended = not page.next_cursor
    pull.done += len(page.records)
    pull.total = page.total if page.total is not None else pull.total
    changes: dict[str, Any] = {
        "cursor": page.next_cursor or pull.cursor, "done": pull.done, "refused": pull.refused, "total": pull.total,
        "error": pull.error, "attempts": 0, "due_at": None if ended else now + wait,
        "state": PullState.DONE if ended else PullState.RUNNING, "ended_at": now if ended else None,
    }  # fmt: skip
    if not due.held(pull).update(**changes):
        return False
    pull.cursor, pull.attempts, pull.due_at = changes["cursor"], 0, changes["due_at"]
    return not ended


def _ask_for_less(pull: ShopPull, api: ShopApi, error: PageTooLarge) -> None:
    size = pull.page_size or api.page_size
    if size == 1:
        _fail(pull, str(error))
        return
    due.held(pull).update(page_size=size // 2, due_at=timezone.now(), attempts=0)


def _wait_or_fail(pull: ShopPull, why: str) -> None:
    if pull.attempts >= _MOST_ATTEMPTS:
        _fail(pull, why)
    else:
        _later(pull, due.backoff(max(pull.attempts - 1, 0)), why, attempts=max(pull.attempts, 1))


def _later(pull: ShopPull, at: Any, why: str, *, attempts: int) -> None:
    due.held(pull).update(due_at=at, error=why[:2000], attempts=attempts)


def _fail(pull: ShopPull, why: str) -> None:
    with transaction.atomic():
        due.held(pull).update(state=PullState.FAILED, due_at=None, error=why[:2000], ended_at=timezone.now())
