"""Dry runs in the background: asked for on a page, run by a worker, with progress."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.utils import timezone

from events import due
from events.outage import is_outage
from merchants.audit import current_actor, record_change
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_scope, merchant_transaction
from notifications.dry_run.changes import BadChange, changed
from notifications.dry_run.models import DryRun
from notifications.dry_run.run import LONGEST, SHORTEST, NotRunnable, dry_run
from notifications.switches import facts_of, switches
from notifications.touchpoints import TOUCHPOINTS

log = structlog.get_logger(__name__)

KIND = "notifications.dry_run"
LEASE = timedelta(seconds=45)
_RENEW_SECONDS = 2.0
# Below the time for which a broker believes in a task. A longer log is a matter for the command.
MOST_SECONDS = 200.0
_MOST_ATTEMPTS = 3
# A shop does not need more of them at a time, nor for ever.
KEPT = 20


class _Lost(Exception):
    """Somebody else has the row now."""


class _TooLong(Exception):
    """There is more in the log than a worker has time for."""


def ask(merchant: Merchant, touchpoint: str, days: int, asked: dict[str, Any]) -> DryRun:
    """Start a dry run. Raises Unprocessable for what cannot be run; the oldest beyond the newest 20 are forgotten."""
    if touchpoint not in TOUCHPOINTS:
        raise Unprocessable("There is no such message.", param="touchpoint", code="unknown_touchpoint")
    if not SHORTEST <= days <= LONGEST:
        raise Unprocessable(f"From {SHORTEST} to {LONGEST} days.", param="days", code="invalid_days")
    with merchant_transaction(merchant):
        try:
            switch = changed(touchpoint, switches([touchpoint])[touchpoint], asked)
        except BadChange as error:
            raise Unprocessable(str(error), code="invalid_change") from None
        if not facts_of(touchpoint, switch):
            raise Unprocessable("No fact sets it off.", param="touchpoint", code="not_runnable")
        now = timezone.now()
        row = DryRun.objects.create(
            merchant=merchant, touchpoint=touchpoint, days=days, asked=asked, due_at=now, created_at=now,
            actor=current_actor().name[:254],
        )  # fmt: skip
        kept = DryRun.objects.order_by("-created_at").values_list("pk", flat=True)[:KEPT]
        DryRun.objects.filter(due_at=None).exclude(pk__in=list(kept)).delete()
        record_change("message.dry_run", label=touchpoint, changes={"days": [None, days]})
        due.ring_when_committed(KIND)
    return row


@due.due_work(KIND)
def run_due() -> int:
    """Run the one that waits the longest, to its end. Returns how many were claimed."""
    rows = due.claim(DryRun, limit=1, lease=LEASE)
    for row in rows:
        try:
            _run(row)
        except _Lost:
            continue
        except (NotRunnable, BadChange):
            _finish(row, error="not_runnable")
        except _TooLong:
            _finish(row, error="too_long")
        except Exception as error:
            if is_outage(error):
                raise
            log.exception("dry_run_failed", dry_run_id=str(row.pk))
            if row.attempts >= _MOST_ATTEMPTS:
                _finish(row, error="internal_error")
    return len(rows)


def _run(row: DryRun) -> None:
    began = renewed = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal renewed
        now = time.monotonic()
        if now - began > MOST_SECONDS:
            raise _TooLong
        if now - renewed < _RENEW_SECONDS:
            return
        renewed = now
        with merchant_transaction(row.merchant):
            if not due.renew(row, LEASE):
                raise _Lost
            DryRun.objects.filter(pk=row.pk).update(done=done, total=total)

    with merchant_scope(row.merchant):
        switch = changed(row.touchpoint, switches([row.touchpoint])[row.touchpoint], row.asked)
    found = dry_run(
        row.merchant, row.touchpoint, switch, days=row.days, now=timezone.now(), progress=progress
    )
    _finish(row, result=found, done=found["facts"], total=found["facts"])


def _finish(row: DryRun, **columns: Any) -> None:
    with merchant_transaction(row.merchant):
        due.held(row).update(due_at=None, finished_at=timezone.now(), **columns)


def get(dry_run_id: UUID) -> DryRun | None:
    """A dry run of the open scope."""
    return DryRun.objects.filter(pk=dry_run_id).first()
