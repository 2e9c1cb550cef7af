"""A dry run for the dashboard: a due row that a worker goes through slice by slice, with its report so far."""

import time
from datetime import timedelta
from typing import Final

import msgspec
from django.db import transaction
from django.utils import timezone

from events import due
from merchants.audit import current_actor, record_change
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from orders.models import Order
from returns.policy.dry_run.orders import Place, count_orders, place_of, slices
from returns.policy.dry_run.report import Report
from returns.policy.dry_run.returned import count_returns, last_returns
from returns.policy.dry_run.running import new_report
from returns.policy.model import Policy, from_stored, stored
from returns.policy.models import PolicyTrial
from returns.policy.queries import newest, version

TRIAL: Final = "policy.trial"  # the kind of due work
_LEASE: Final = timedelta(seconds=60)
_SECONDS: Final = 2.0  # of work between two looks at who else waits
KEPT: Final = 10  # trials of a merchant; older ones go


def start_trial(merchant: Merchant, policy: Policy, *, days: int = 365) -> PolicyTrial:
    """Have a policy tried on the past as soon as a worker is free, against the one in force now."""
    with merchant_transaction(merchant):
        now = timezone.now()
        since = now - timedelta(days=days)
        number, _in_force = newest()
        trial = PolicyTrial.objects.create(
            merchant=merchant, policy=stored(policy), compared_with=number, days=days, now=now,
            total=Order.objects.filter(placed_at__gte=since, placed_at__lte=now).count(),
            report=msgspec.to_builtins(new_report(policy, days)), actor=current_actor().name[:254],
            created_at=now, due_at=now,
        )  # fmt: skip
        old = PolicyTrial.objects.order_by("-created_at").values_list("pk", flat=True)[KEPT:]
        PolicyTrial.objects.filter(pk__in=list(old)).delete()
        record_change("return_policy.tried", changes={"days": [None, days]})
        due.ring_when_committed(TRIAL)
    return trial


def report_of(trial: PolicyTrial) -> Report:
    """The figures of a trial so far."""
    return msgspec.convert(trial.report, Report)


@due.due_work(TRIAL)
def go_on() -> int:
    """Work on the trials that are due. Returns how many were claimed."""
    trials = due.claim(PolicyTrial, limit=1, lease=_LEASE)
    for trial in trials:
        with merchant_scope(trial.merchant):
            _go_on(trial)
    return len(trials)


def _go_on(trial: PolicyTrial) -> None:
    """Count orders for two seconds, and the returns at the end; then write down how far it is."""
    before, after = version(trial.compared_with), from_stored(trial.policy)
    report, since = report_of(trial), trial.now - timedelta(days=trial.days)
    stop_at, is_done = time.monotonic() + _SECONDS, True
    place: Place | None = (trial.place_at, trial.place_id) if trial.place_at and trial.place_id else None
    for orders in slices(since, trial.now, place):
        count_orders(trial.merchant, orders, before, after, now=trial.now, report=report)
        place = place_of(orders[-1])
        if time.monotonic() > stop_at:
            is_done = False
            break
    if is_done:
        count_returns(trial.merchant, last_returns(since), before, after, report)
    now = timezone.now()
    with transaction.atomic():
        due.held(trial).update(
            report=msgspec.to_builtins(report), place_at=place[0] if place else None,
            place_id=place[1] if place else None, attempts=0, due_at=None if is_done else now,
            finished_at=now if is_done else None,
        )  # fmt: skip
        if not is_done:
            due.ring_when_committed(TRIAL)
