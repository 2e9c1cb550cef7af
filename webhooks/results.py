"""Writing down what came of calls: many in one short transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from events import due
from merchants.ids import uuid7
from merchants.scope import platform_scope
from webhooks import schedule
from webhooks.calls import Outcome
from webhooks.commands import disable
from webhooks.models import Delivery, DeliveryState, Endpoint
from webhooks.subscribers import SEND

log = structlog.get_logger(__name__)

# An endpoint that answers again after it was away for so long gets at once what waits for it. Not one that fails now
# and then: its deliveries would use up their tries within minutes.
_WAS_AWAY: Final = timedelta(minutes=5)

# Only where the claim still holds; whoever lost it changes nothing. What stands behind a delivery of the same object
# comes due with it when it is tried again, and now when it is done with.
_WRITE = """
WITH outcome AS (
    SELECT * FROM unnest(
        %(merchants)s::uuid[], %(ids)s::uuid[], %(attempts)s::int[], %(leases)s::timestamptz[], %(states)s::text[],
        %(reasons)s::text[], %(statuses)s::int[], %(again)s::timestamptz[], %(starts)s::timestamptz[],
        %(tries)s::jsonb[]
    ) AS outcome(merchant_id, id, attempts, lease, state, reason, status, again, started_at, try)
), held AS (
    UPDATE webhooks_delivery AS delivery SET state = outcome.state, reason = outcome.reason, due_at = outcome.again,
        tries = delivery.tries + 1, attempts = delivery.tries + 1, last_status = outcome.status,
        last_tried_at = outcome.started_at,
        delivered_at = CASE WHEN outcome.state = 'delivered' THEN %(now)s ELSE delivered_at END
    FROM outcome WHERE delivery.merchant_id = outcome.merchant_id AND delivery.id = outcome.id
        AND delivery.attempts = outcome.attempts AND delivery.due_at = outcome.lease
    RETURNING delivery.merchant_id, delivery.id, delivery.endpoint_id, delivery.lane, delivery.position, delivery.tries
), noted AS (
    INSERT INTO webhooks_deliveryattempt
        (merchant_id, id, delivery_id, number, started_at, milliseconds, request_headers, status, answer, error)
    SELECT merchant_id, (try->>'id')::uuid, id, held.tries, outcome.started_at, (try->>'milliseconds')::int,
        try->'headers', outcome.status, try->>'answer', try->>'error'
    FROM held JOIN outcome USING (merchant_id, id)
), behind AS (
    UPDATE webhooks_delivery AS later SET due_at = coalesce(outcome.again, %(now)s)
    FROM held JOIN outcome USING (merchant_id, id)
    WHERE later.merchant_id = held.merchant_id AND later.endpoint_id = held.endpoint_id AND later.lane = held.lane
        AND later.position > held.position AND later.due_at IS NOT NULL AND later.attempts = later.tries
    RETURNING later.id
)
SELECT id, (SELECT count(*) FROM behind) FROM held
"""


@dataclass(frozen=True)
class _Verdict:
    """What becomes of a delivery. again: when it is tried again."""

    outcome: Outcome
    state: DeliveryState
    again: datetime | None


def write_down(outcomes: Sequence[Outcome]) -> None:
    """Move the deliveries on, keep each try, and note how their endpoints do."""
    now = timezone.now()
    verdicts = [_judge(outcome, now) for outcome in outcomes]
    to_disable: list[tuple[Endpoint, str]] = []
    with platform_scope("results of webhooks of whichever merchant they were for"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, {"now": now, **_columns(verdicts)})
            rows = cursor.fetchall()
        written = {id_ for id_, _ in rows}
        kept = [outcome for outcome in outcomes if outcome.call.delivery_id in written]
        to_disable = _note_health(kept, now)
        if rows and rows[0][1]:
            due.ring_when_committed(SEND)
    if len(written) < len(outcomes):
        log.warning("webhook_claims_lost", count=len(outcomes) - len(written))
    for endpoint, reason in to_disable:
        disable(endpoint.merchant, endpoint.id, reason)


def _judge(outcome: Outcome, now: datetime) -> _Verdict:
    answer, call = outcome.answer, outcome.call
    if answer.is_success:
        return _Verdict(outcome, DeliveryState.DELIVERED, None)
    # A test is tried once: whoever sent it looks at the answer.
    again = None if call.is_test else schedule.next_try(call.tries + 1, answer, now)
    return _Verdict(outcome, DeliveryState.PENDING if again else DeliveryState.FAILED, again)


def _columns(verdicts: Iterable[_Verdict]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {
        name: []
        for name in (
            "merchants", "ids", "attempts", "leases", "states", "reasons", "statuses", "again", "starts", "tries",
        )
    }  # fmt: skip
    for verdict in verdicts:
        outcome, call = verdict.outcome, verdict.outcome.call
        row = (
            call.merchant_id, call.delivery_id, call.attempts, call.due_at, verdict.state.value,
            outcome.answer.reason, outcome.answer.status, verdict.again, call.started_at, _try(outcome),
        )  # fmt: skip
        for name, value in zip(found, row, strict=True):
            found[name].append(value)
    return found


def _try(outcome: Outcome) -> str:
    return msgspec.json.encode(
        {
            "id": uuid7(), "milliseconds": outcome.milliseconds, "headers": outcome.call.shown_headers,
            "answer": outcome.body, "error": outcome.error,
        }
    ).decode()  # fmt: skip


# --- how endpoints do ---------------------------------------------------------------------------------


def _note_health(outcomes: Iterable[Outcome], now: datetime) -> list[tuple[Endpoint, str]]:
    """Note successes and failures of the endpoints. Returns those to be disabled, with the reason."""
    by_endpoint: dict[tuple[UUID, UUID], list[Outcome]] = {}
    for outcome in outcomes:
        by_endpoint.setdefault((outcome.call.merchant_id, outcome.call.endpoint_id), []).append(outcome)
    locked = _lock(by_endpoint)
    return [
        (endpoint, reason)
        for endpoint in locked
        if (reason := _note(endpoint, by_endpoint[endpoint.merchant_id, endpoint.id], now))
    ]


def _lock(wanted: Iterable[tuple[UUID, UUID]]) -> list[Endpoint]:
    """The endpoints, locked in the order of their keys, so that two workers never wait for one another."""
    keys = list(wanted)
    rows = Endpoint.objects.filter(
        merchant_id__in={merchant for merchant, _ in keys}, pk__in=[endpoint for _, endpoint in keys]
    )
    rows = rows.select_related("merchant").order_by("merchant_id", "id")
    return list(rows.select_for_update(of=("self",), no_key=True))


def _note(endpoint: Endpoint, outcomes: Sequence[Outcome], now: datetime) -> str:
    """Note what one endpoint answered. Returns why it is to be disabled, if it is."""
    before = endpoint.failing_since
    columns: dict[str, Any] = {}
    if any(outcome.answer.is_success for outcome in outcomes):
        columns = {"last_success_at": now, "failing_since": None, "not_before": None}
    failures = [outcome for outcome in outcomes if not outcome.answer.is_success]
    if failures:
        columns["last_failure_at"] = now
        if "last_success_at" not in columns:
            columns["failing_since"] = before or now
        pause = max(schedule.wished_pause(outcome.answer, now) for outcome in failures)
        if pause:
            columns["not_before"] = now + pause
    Endpoint.objects.filter(merchant_id=endpoint.merchant_id, pk=endpoint.pk).update(**columns)
    if "last_success_at" in columns:
        if before and now - before >= _WAS_AWAY:
            _send_what_waits(endpoint, now)
        return ""
    if any(outcome.answer.status == schedule.GONE for outcome in failures):
        return "gone"
    return "failing" if before and now - before >= schedule.DISABLED_AFTER else ""


def _send_what_waits(endpoint: Endpoint, now: datetime) -> None:
    """Make due now what waits for a later try. What another worker has claimed is left alone."""
    waiting = Delivery.objects.filter(
        merchant_id=endpoint.merchant_id, endpoint_id=endpoint.pk, due_at__gt=now, attempts=F("tries")
    )
    if waiting.update(due_at=now):
        due.ring_when_committed(SEND)
