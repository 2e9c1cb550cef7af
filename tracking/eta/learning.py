"""When models are fitted: a row a merchant that comes due each day, and a process of its own that ends afterwards.

Fitting needs scikit-learn and some 200 MB. A worker that did it itself would keep them for good.
"""

import subprocess
import sys
import time
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from tracking.eta.models import EtaModel
from tracking.models import Shipment

log = structlog.get_logger(__name__)

ETA: Final = "tracking.eta"
EVERY: Final = timedelta(days=1)  # as often as the level is looked at in the backtest
LATER: Final = timedelta(days=1)  # when there is too little history yet
LEASE: Final = timedelta(seconds=60)
LONGEST: Final = timedelta(minutes=15)
FEWEST: Final = 40  # delivered parcels, as in tracking.eta.fitting
TOO_LITTLE: Final = "too_little_history"
LANES_ONLY: Final = "lanes_only"
_MAKE_SECONDS: Final = 600.0
_made_at = -_MAKE_SECONDS

_NEW_ROWS = """
INSERT INTO tracking_etamodel (id, merchant_id, due_at, attempts, cases, note)
SELECT gen_random_uuid(), m.id, now(), 0, '{}', '' FROM merchants_merchant m
WHERE m.sandbox_of_id IS NULL AND NOT EXISTS (SELECT FROM tracking_etamodel e WHERE e.merchant_id = m.id)
ON CONFLICT DO NOTHING
"""


def fit_due() -> int:
    """Fit the model of the next merchant whose day is over. Returns 0 or 1."""
    _make_rows_now_and_then()
    rows = due.claim(EtaModel, limit=1, lease=LEASE)
    for row in rows:
        merchant = row.merchant
        with merchant_scope(merchant):
            delivered = Shipment.outbound.filter(delivered_at__isnull=False)[:FEWEST].count()
        if delivered < FEWEST and not merchant.shares_delivery_times:
            with merchant_scope(merchant):
                due.held(row).update(note=TOO_LITTLE, due_at=timezone.now() + LATER, attempts=0)
        elif not _fit_elsewhere(row):
            with merchant_scope(merchant):
                due.held(row).update(due_at=due.backoff(row.attempts, first=timedelta(minutes=10)))
    return len(rows)


def _fit_elsewhere(row: EtaModel) -> bool:
    """Run `manage.py eta_fit` and wait for it, holding on to the row. Returns whether it ended well."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "eta_fit", row.merchant.slug]
    ends = time.monotonic() + LONGEST.total_seconds()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # noqa: S603  # our own
    try:
        while True:
            try:
                _, told = process.communicate(timeout=LEASE.total_seconds() / 3)
                break
            except subprocess.TimeoutExpired:
                with merchant_scope(row.merchant):
                    if time.monotonic() > ends or not due.renew(row, LEASE):
                        return False
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode:
        log.error("eta_fit_failed", merchant=row.merchant.slug, error=told.decode("utf-8", "replace")[-2000:])
    return process.returncode == 0


def fit_now(merchant: Merchant, now: datetime) -> EtaModel:
    """Fit a merchant's model in this process, and make it the one that holds. Slow and large: see `fit_due`."""
    from tracking.eta.cases import to_days
    from tracking.eta.fitting import fit
    from tracking.eta.history import pasts_with_consent

    model = fit(pasts_with_consent(merchant, now), to_days(now, ZoneInfo(merchant.timezone)))
    has_trees = any(stage.forests for stage in model.stages.values())
    note = "" if has_trees else LANES_ONLY if model.stages else TOO_LITTLE
    fitted_at = now if model.stages else None
    values = {
        "data": model.pack() if model.stages else None, "fitted_at": fitted_at, "note": note, "attempts": 0,
        "cases": {str(stage): told.cases for stage, told in model.stages.items()},
        "due_at": now + (EVERY if model.stages else LATER) * (0.9 + merchant.id.int % 1000 / 5000),
    }  # fmt: skip
    with merchant_scope(merchant), transaction.atomic():
        row, _ = EtaModel.objects.update_or_create(merchant=merchant, defaults=values)
        Merchant.objects.filter(pk=merchant.pk).update(eta_fitted_at=fitted_at)
    merchant.eta_fitted_at = fitted_at
    found: EtaModel = row
    return found


def make_rows() -> None:
    """A row for each merchant that has none yet."""
    with platform_scope("one model of delivery dates for each merchant"), connection.cursor() as cursor:
        cursor.execute(_NEW_ROWS)


def _make_rows_now_and_then() -> None:
    global _made_at
    if time.monotonic() - _made_at > _MAKE_SECONDS:
        _made_at = time.monotonic()
        make_rows()
