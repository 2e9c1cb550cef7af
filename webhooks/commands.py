"""What people and shops do with endpoints: make them, change them, give them new secrets, try them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.mail import mail_team
from events import due
from events import log as event_log
from merchants.audit import differences, record_change
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import NotFound, Unprocessable
from merchants.scope import merchant_transaction
from webhooks import bodies, checks
from webhooks.facts import WebhookEndpointDisabled
from webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState
from webhooks.signing import new_secret
from webhooks.subscribers import SEND

# For so long both secrets sign after one was rotated, so that a receiver can change over.
OLD_SECRET_LIVES: Final = timedelta(hours=24)
LONGEST_DESCRIPTION: Final = 120


@dataclass(frozen=True)
class EndpointValues:
    """What people say about an endpoint. types: empty for every type. headers: sent with every request."""

    url: str
    description: str = ""
    types: Iterable[str] = ()
    headers: Mapping[str, str] | None = None

    def columns(self) -> dict[str, Any]:
        """The values as they are stored. Raises Unprocessable that names the field."""
        description = self.description.strip()
        if len(description) > LONGEST_DESCRIPTION:
            raise Unprocessable(
                f"A description has at most {LONGEST_DESCRIPTION} characters.", param="description"
            )
        columns: dict[str, Any] = {
            "url": checks.check_url(self.url),
            "description": description,
            "types": checks.check_types(self.types),
        }
        if self.headers is not None:
            columns["headers"] = json.dumps(checks.check_headers(self.headers))
        return columns


def create_endpoint(merchant: Merchant, values: EndpointValues) -> tuple[Endpoint, str]:
    """Make an endpoint: it is told what happens from now on. Returns it and its secret, which is not shown again.

    Raises Unprocessable: an address that cannot be called, a header that cannot be sent, or ten endpoints already.
    """
    columns, secret = values.columns(), new_secret()
    with merchant_transaction(merchant):
        # The merchant's row is locked, so that two calls at once do not make an eleventh.
        Merchant.objects.select_for_update(no_key=True).only("id").get(pk=merchant.pk)
        if Endpoint.objects.count() >= checks.MOST_ENDPOINTS:
            raise Unprocessable(
                f"A merchant has at most {checks.MOST_ENDPOINTS} webhook endpoints.",
                code="too_many_endpoints",
            )
        endpoint = Endpoint.objects.create(
            merchant=merchant, secret=secret, created_at=timezone.now(), **columns
        )
        _audit("created", endpoint, {"url": [None, endpoint.url], "types": [None, endpoint.types]})
    return endpoint, secret


def change_endpoint(merchant: Merchant, endpoint_id: UUID, values: EndpointValues) -> Endpoint:
    """Change an endpoint; without `headers` they stay. What waits goes to the new address.

    Raises NotFound, Unprocessable.
    """
    columns = values.columns()
    with merchant_transaction(merchant):
        endpoint = _lock(endpoint_id)
        before = {name: getattr(endpoint, name) for name in ("url", "description", "types")}
        changes = differences(before, {name: columns[name] for name in before})
        if columns.get("headers", endpoint.headers) != endpoint.headers:
            changes["headers"] = [_names(endpoint.headers), _names(columns["headers"])]
        if changes:
            Endpoint.objects.filter(pk=endpoint.pk).update(**columns)
            _audit("changed", endpoint, changes)
        endpoint.refresh_from_db()
    return endpoint


def delete_endpoint(merchant: Merchant, endpoint_id: UUID) -> None:
    """Delete an endpoint with everything that was delivered to it or waits. Raises NotFound."""
    with merchant_transaction(merchant):
        endpoint = _lock(endpoint_id)
        _audit("deleted", endpoint, {"url": [endpoint.url, None]})
        # The database deletes what hangs on it: Django would load every delivery first.
        Endpoint.objects.filter(pk=endpoint.pk)._raw_delete("default")


def rotate_secret(merchant: Merchant, endpoint_id: UUID) -> tuple[Endpoint, str]:
    """Give an endpoint a new secret; the former one signs beside it for a day. Returns both endpoint and secret.

    The one before the former ends at once: there are never more than two. Raises NotFound.
    """
    with merchant_transaction(merchant):
        endpoint = _lock(endpoint_id)
        endpoint.old_secret, endpoint.secret = endpoint.secret, new_secret()
        endpoint.old_secret_until = timezone.now() + OLD_SECRET_LIVES
        endpoint.save(update_fields=["secret", "old_secret", "old_secret_until"])
        _audit("secret_rotated", endpoint)
    return endpoint, endpoint.secret


def pause(merchant: Merchant, endpoint_id: UUID) -> Endpoint:
    """Send nothing until it is resumed; what happens meanwhile waits. Twice changes nothing. Raises NotFound."""
    with merchant_transaction(merchant):
        endpoint = _lock(endpoint_id)
        if endpoint.state == EndpointState.ACTIVE:
            _move(endpoint, EndpointState.PAUSED, "paused")
    return endpoint


def resume(merchant: Merchant, endpoint_id: UUID) -> Endpoint:
    """Send again, also to one that was disabled. What waits goes out at once. Raises NotFound."""
    with merchant_transaction(merchant):
        endpoint = _lock(endpoint_id)
        if endpoint.state != EndpointState.ACTIVE:
            _move(
                endpoint,
                EndpointState.ACTIVE,
                "resumed",
                disabled_reason="",
                failing_since=None,
                not_before=None,
            )
            due.ring_when_committed(SEND)
    return endpoint


def disable(merchant: Merchant, endpoint_id: UUID, reason: str) -> None:
    """Give an endpoint up: it is told nothing any more, and what waits has failed. Its owners get a mail.

    What it missed can be sent again as a range once it is resumed: the log keeps it.
    """
    with merchant_transaction(merchant):
        endpoint = Endpoint.objects.select_for_update().filter(pk=endpoint_id).first()
        if endpoint is None or endpoint.state == EndpointState.DISABLED:
            return
        _move(endpoint, EndpointState.DISABLED, "disabled", disabled_reason=reason)
        waiting = Delivery.objects.filter(endpoint=endpoint, due_at__isnull=False, attempts=F("tries"))
        waiting.update(state=DeliveryState.FAILED, reason="endpoint_disabled", due_at=None)
        mail_team(
            merchant,
            gettext_lazy("A webhook endpoint was switched off"),
            "webhooks/mail/disabled.txt",
            {"url": endpoint.url, "reason": reason, "page": f"/app/{merchant.slug}/settings/webhooks/"},
        )
        event_log.record(
            WebhookEndpointDisabled(webhook_endpoint_id=endpoint.pk, url=endpoint.url, reason=reason)
        )


def send_test(merchant: Merchant, endpoint_id: UUID) -> Delivery:
    """Send a test event, whatever the endpoint's state; it is tried once. Raises NotFound."""
    now = timezone.now()
    with merchant_transaction(merchant):
        endpoint = _lock(endpoint_id)
        delivery: Delivery = Delivery.objects.create(
            merchant=merchant, endpoint=endpoint, is_test=True, type=bodies.TEST_TYPE, happened_at=now,
            planned_at=now, due_at=now,
        )  # fmt: skip
        due.ring_when_committed(SEND)
    return delivery


def _lock(endpoint_id: UUID) -> Endpoint:
    endpoint: Endpoint | None = Endpoint.objects.select_for_update().filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound("There is no such webhook endpoint.", param="endpoint_id")
    return endpoint


def _move(endpoint: Endpoint, state: EndpointState, verb: str, **columns: Any) -> None:
    _audit(verb, endpoint, {"state": [endpoint.state, state.value]})
    endpoint.state = state
    for name, value in columns.items():
        setattr(endpoint, name, value)
    endpoint.save(update_fields=["state", *columns])


def _audit(verb: str, endpoint: Endpoint, changes: dict[str, list[Any]] | None = None) -> None:
    record_change(
        f"webhook_endpoint.{verb}",
        public_id("whe", endpoint.pk),
        endpoint.description or endpoint.url,
        changes,
    )


def _names(headers: str) -> list[str]:
    """Names only: the values may be passwords."""
    return sorted(json.loads(headers or "{}"))
