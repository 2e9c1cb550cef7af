"""Due work: rows with a time, claimed in batches by as many workers as there are.

Time lives in tables, never in the broker: a Celery countdown is lost with Redis and repeats after the
visibility time-out.
"""

import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import models, transaction
from django.utils import timezone

from events import doorbell
from events.models import DueRow, LeasedDueRow
from merchants.models import Merchant
from merchants.scope import platform_scope

Row = TypeVar("Row", bound=DueRow)

# Whoever is gone for longer than this is taken for dead, and its rows come due again (R11).
LONGEST_LEASE = timedelta(seconds=60)

_LONGEST_BACKOFF = timedelta(hours=6)
# A worker does something else after this long: with thousands of messages due, it is the log that would wait.
_RUN_SECONDS = 2.0

_kinds: dict[str, Callable[[], int]] = {}


def due_work(kind: str) -> Callable[[Callable[[], int]], Callable[[], int]]:
    """Declare the decorated function as the one that does due work of this kind.

    It claims and works off one batch, and returns how many rows it claimed (0: nothing is due).
    """

    def declare(run: Callable[[], int]) -> Callable[[], int]:
        if kind in _kinds:
            raise ValueError(f"due work {kind} is declared twice")
        _kinds[kind] = run
        return run

    return declare


def kinds() -> list[str]:
    """Names of all kinds of due work."""
    return list(_kinds)


def run(kind: str, *, seconds: float = _RUN_SECONDS) -> int:
    """Work off what is due of a kind, batch by batch. Returns how many rows were claimed.

    Leaves when the time is up, ringing for the rest, so that no kind keeps a worker for long.
    """
    stop_at = time.monotonic() + seconds
    claimed = 0
    while count := _kinds[kind]():
        claimed += count
        if time.monotonic() > stop_at:
            doorbell.ring(doorbell.DUE, kind)
            break
    return claimed


def ring_when_committed(kind: str) -> None:
    """Wake a worker for rows of this kind that the open transaction made due now."""
    doorbell.ring_after_commit(doorbell.DUE, kind)


def claim(
    model: type[Row],
    *,
    limit: int,
    lease: timedelta,
    where: models.Q | None = None,
    related: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
) -> list[Row]:
    """Take up to `limit` due rows, earliest first, for `lease`. Commits before it returns.

    Rows that another worker holds are skipped, not waited for. The claim is the row's new `due_at` (the
    lease's end) and its raised `attempts`; whoever finishes the work filters on both (`held`), so that a
    worker that was away for longer than its lease changes nothing. A LeasedDueRow keeps its `due_at`.

    Raises ValueError for a lease over 60 s: long work renews a short one (`renew`). `only`: the columns that are
    needed (of the related rows too), when the others would be much to carry; the merchant comes whole.
    """
    if lease > LONGEST_LEASE:
        raise ValueError(f"a lease lasts for {LONGEST_LEASE} at most, or a dead worker's rows wait too long")
    with platform_scope(f"claiming due rows of {model.__name__}"), transaction.atomic():
        now = timezone.now()
        due = model.objects.filter(due_at__lte=now)
        in_place = issubclass(model, LeasedDueRow)
        if in_place:
            due = due.filter(_is_free(now))
        if where is not None:
            due = due.filter(where)
        # Without its logo, which may be large and would come with every row.
        due = due.select_related("merchant", *related).order_by("due_at")
        due = due.only(*only, *_merchant_columns()) if only else due.defer("merchant__logo")
        rows = list(due.select_for_update(skip_locked=True, of=("self",))[:limit])
        if rows:
            # The merchants are named so that the primary key (merchant_id, id) is used.
            taken = model.objects.filter(
                merchant_id__in={row.merchant_id for row in rows}, pk__in=[row.pk for row in rows]
            )
            claimed = (
                {"claimed_until": now + lease, "claimed_for": models.F("due_at")}
                if in_place
                else {"due_at": now + lease}
            )
            taken.update(**claimed, attempts=models.F("attempts") + 1)
        for row in rows:
            row.attempts += 1
            if not in_place:
                row.due_at = now + lease
    return rows


def _is_free(now: datetime) -> models.Q:
    """Not claimed, or the lease has ended, or it was given another time since."""
    moved = models.Q(claimed_for__lt=models.F("due_at")) | models.Q(claimed_for__gt=models.F("due_at"))
    return models.Q(claimed_until=None) | models.Q(claimed_until__lte=now) | moved


def _merchant_columns() -> list[str]:
    return [f"merchant__{field.name}" for field in Merchant._meta.concrete_fields if field.name != "logo"]


def held(row: Row) -> models.QuerySet[Row]:
    """The claimed row, if the claim still holds: update through it and check that one row changed."""
    claimed = type(row).objects.filter(merchant_id=row.merchant_id, pk=row.pk)
    return claimed.filter(attempts=row.attempts, due_at=row.due_at)


def still_held(rows: Sequence[Row]) -> list[Row]:
    """Those of these claimed rows of one merchant whose claims still hold, locked in the open transaction, by key."""
    if not rows:
        return []
    taken = type(rows[0]).objects.filter(merchant_id=rows[0].merchant_id, pk__in=[row.pk for row in rows])
    locked = taken.order_by("pk").select_for_update(no_key=True).values_list("pk", "attempts", "due_at")
    found = {pk: claim for pk, *claim in locked}
    return [row for row in rows if found.get(row.pk) == [row.attempts, row.due_at]]


def renew(row: Row, lease: timedelta) -> bool:
    """Hold on to a claimed row for `lease` from now. False when the claim was lost: then leave it alone."""
    until = timezone.now() + lease
    in_place = isinstance(row, LeasedDueRow)
    renewed = held(row).update(**{"claimed_until" if in_place else "due_at": until}) == 1
    if renewed and not in_place:
        row.due_at = until
    return renewed


def backoff(attempts: int, *, first: timedelta = timedelta(seconds=10)) -> datetime:
    """When to try again after so many attempts: doubling from `first`, at most 6 hours, ± 20 % jitter (UTC)."""
    wait = min(first * 2 ** min(attempts, 20), _LONGEST_BACKOFF)
    return timezone.now() + wait * random.uniform(0.8, 1.2)  # noqa: S311  # jitter, not a secret
