"""What endpoints and deliveries look like on their way in and out of the API."""

import json
from datetime import datetime
from typing import Annotated, Any

import msgspec
from drf_spectacular.utils import OpenApiExample
from msgspec import UNSET, Meta, UnsetType

from merchants.ids import public_id
from webhooks.checks import LONGEST_URL, MOST_HEADERS
from webhooks.commands import LONGEST_DESCRIPTION
from webhooks.models import Delivery, DeliveryAttempt, Endpoint

Url = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_URL, description="https, on port 443, 80 or 8080.")
]
Description = Annotated[str, Meta(max_length=LONGEST_DESCRIPTION)]
Types = Annotated[
    list[Annotated[str, Meta(max_length=60)]],
    Meta(
        max_length=200, description="Which events it is told; empty: every one, also types that come later."
    ),
]
Headers = Annotated[
    dict[str, str],
    Meta(
        max_length=MOST_HEADERS, description="Sent with every request: up to five, such as a token of yours."
    ),
]


class _In(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what comes in: an unknown field is an error, not a surprise later."""


class WebhookEndpointIn(_In):
    """An address of yours that is told what happens from now on."""

    url: Url
    description: Description = ""
    types: Types = []
    headers: Headers = {}


class WebhookEndpointChangeIn(_In):
    """What is to be different; what is left out stays."""

    url: Url | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    types: Types | UnsetType = UNSET
    headers: Headers | UnsetType = UNSET


class ResendIn(_In):
    """Everything of one endpoint that happened from `from` until before `to`: at most 10,000 events."""

    endpoint_id: Annotated[str, Meta(max_length=40)]
    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    only_failed: Annotated[bool, Meta(description="Only what did not arrive.")] = False


class WebhookEndpointOut(msgspec.Struct, kw_only=True):
    """An endpoint. `state`: `active`, `paused` or `disabled`. `header_names`: its own headers.

    `failing_since`: since when nothing but failures came back.
    """

    id: str
    url: str
    description: str
    types: list[str]
    header_names: list[str]
    state: str
    disabled_reason: str
    failing_since: datetime | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    both_secrets_sign_until: datetime | None
    created_at: datetime


class NewWebhookEndpointOut(WebhookEndpointOut, kw_only=True):
    """An endpoint with its secret. It is shown this once; null when a repeated request gets its answer again."""

    secret: str | None


class DeletedOut(msgspec.Struct, kw_only=True):
    """It is gone."""

    id: str
    deleted: bool


class ResentOut(msgspec.Struct, kw_only=True):
    """How many events are sent again."""

    resent: int


class WebhookAttemptOut(msgspec.Struct, kw_only=True):
    """One try. `status` is null when no answer came; then `error` says why. `answer` is its beginning (2 kB)."""

    number: int
    started_at: datetime
    milliseconds: int
    request_headers: dict[str, str]
    status: int | None
    answer: str
    error: str


class WebhookDeliveryOut(msgspec.Struct, kw_only=True):
    """One event that one endpoint is told. `id` is the `webhook-id`; `sequence` is that of the body.

    `state`: `pending`, `delivered` or `failed`.
    `reason` says what went wrong at the last try: `http_503`, `timeout`, `no_connection`, `refused`.
    """

    id: str
    endpoint_id: str
    type: str
    sequence: int
    is_test: bool
    state: str
    reason: str
    tries: int
    next_try_at: datetime | None
    last_status: int | None
    last_tried_at: datetime | None
    delivered_at: datetime | None
    happened_at: datetime
    planned_at: datetime


class FullWebhookDeliveryOut(WebhookDeliveryOut, kw_only=True):
    """A delivery with the body that is sent and every try, the latest first."""

    body: dict[str, Any] | None
    attempts: list[WebhookAttemptOut]


def show_endpoint(endpoint: Endpoint) -> WebhookEndpointOut:
    """An endpoint as the API shows it."""
    return WebhookEndpointOut(**_endpoint(endpoint))


def show_new_endpoint(endpoint: Endpoint, secret: str | None) -> NewWebhookEndpointOut:
    """An endpoint with its secret."""
    return NewWebhookEndpointOut(**_endpoint(endpoint), secret=secret)


def show_delivery(delivery: Delivery) -> WebhookDeliveryOut:
    """A delivery as lists show it."""
    return WebhookDeliveryOut(**_delivery(delivery))


def show_full_delivery(
    delivery: Delivery, body: bytes | None, attempts: list[DeliveryAttempt]
) -> FullWebhookDeliveryOut:
    """A delivery with all of its history."""
    return FullWebhookDeliveryOut(
        **_delivery(delivery),
        body=json.loads(body) if body else None,
        attempts=[_attempt(attempt) for attempt in attempts],
    )


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": public_id("whe", endpoint.pk),
        "header_names": header_names(endpoint),
        "state": str(endpoint.state),
        "both_secrets_sign_until": endpoint.old_secret_until,
        **{
            name: getattr(endpoint, name)
            for name in (
                "url", "description", "types", "disabled_reason", "failing_since", "last_success_at",
                "last_failure_at", "created_at",
            )
        },
    }  # fmt: skip


def header_names(endpoint: Endpoint) -> list[str]:
    """Names of its own headers. The values may be passwords and are never shown."""
    return sorted(json.loads(endpoint.headers or "{}"))


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": public_id("whd", delivery.pk),
        "endpoint_id": public_id("whe", delivery.endpoint_id),
        "sequence": delivery.position,
        "state": str(delivery.state),
        "next_try_at": delivery.due_at,
        **{
            name: getattr(delivery, name)
            for name in (
                "type", "is_test", "reason", "tries", "last_status", "last_tried_at", "delivered_at",
                "happened_at", "planned_at",
            )
        },
    }  # fmt: skip


def _attempt(attempt: DeliveryAttempt) -> WebhookAttemptOut:
    names = WebhookAttemptOut.__struct_fields__
    return WebhookAttemptOut(**{name: getattr(attempt, name) for name in names})


ENDPOINT = OpenApiExample(
    "Everything about parcels",
    request_only=True,
    value={
        "url": "https://shop.example/hooks/afterward",
        "description": "Warehouse",
        "types": ["shipment.shipped", "shipment.delivered", "shipment.exception"],
        "headers": {"X-Shop-Token": "a token of yours"},
    },
)
