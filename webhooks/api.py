"""REST: webhook endpoints and their deliveries."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import UNSET

from events.facts import known_types
from merchants.ids import NOBODY, parse_public_id
from merchants.rest.decode import aware
from merchants.rest.errors import InvalidParameter
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView
from webhooks import commands, queries, resending
from webhooks.bodies import TEST_TYPE
from webhooks.commands import EndpointValues
from webhooks.models import Delivery, DeliveryState, Endpoint
from webhooks.schemas import (
    ENDPOINT,
    DeletedOut,
    FullWebhookDeliveryOut,
    NewWebhookEndpointOut,
    ResendIn,
    ResentOut,
    WebhookDeliveryOut,
    WebhookEndpointChangeIn,
    WebhookEndpointIn,
    WebhookEndpointOut,
    show_delivery,
    show_endpoint,
    show_full_delivery,
    show_new_endpoint,
)

_READ, _WRITE = "webhooks:read", "webhooks:write"


class _Endpoints(ApiView):
    """What the views of endpoints share."""

    def secretly(self, route: str, status: int, work: Callable[[], tuple[Endpoint, str]]) -> HttpResponse:
        """Do `work` once, and show the secret that it made. The kept answer of a repeated request has none."""
        made: list[tuple[Endpoint, str]] = []

        def without_secret() -> HttpResponse:
            made.append(work())
            return self.show(show_new_endpoint(made[0][0], None), status)

        response = self.once(route, without_secret)
        return self.show(show_new_endpoint(*made[0]), status) if made else response


class WebhookEndpoints(_Endpoints):
    """The merchant's endpoints."""

    scopes = {"GET": _READ, "POST": _WRITE}

    @extend_schema(
        operation_id="webhook_endpoints_list", parameters=PAGING, responses={200: Page[WebhookEndpointOut]}
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List webhook endpoints, newest first."""
        return self.show(newest_first(queries.endpoints(), request.GET, show_endpoint))

    @extend_schema(
        operation_id="webhook_endpoints_create",
        request=WebhookEndpointIn,
        responses={201: NewWebhookEndpointOut},
        examples=[ENDPOINT],
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a webhook endpoint: it is told what happens from now on. Its `secret` is shown this once."""
        return self.secretly("POST /webhook-endpoints", 201, self._create)

    def _create(self) -> tuple[Endpoint, str]:
        body = self.body(WebhookEndpointIn)
        values = EndpointValues(body.url, body.description, body.types, body.headers)
        return commands.create_endpoint(self.merchant, values)


class OneWebhookEndpoint(ApiView):
    """One endpoint."""

    scopes = {"GET": _READ, "PATCH": _WRITE, "DELETE": _WRITE}

    @extend_schema(operation_id="webhook_endpoints_read", responses={200: WebhookEndpointOut})
    def get(self, request: HttpRequest, endpoint_id: str) -> HttpResponse:
        """Read a webhook endpoint. Its secret is never shown again: rotate it when it is lost."""
        return self.show(show_endpoint(queries.get_endpoint(_endpoint(endpoint_id))))

    @extend_schema(
        operation_id="webhook_endpoints_change",
        request=WebhookEndpointChangeIn,
        responses={200: WebhookEndpointOut},
    )
    def patch(self, request: HttpRequest, endpoint_id: str) -> HttpResponse:
        """Change a webhook endpoint. What waits to be sent goes to the new address."""
        return self.once(f"PATCH /webhook-endpoints/{endpoint_id}", lambda: self._change(endpoint_id))

    def _change(self, endpoint_id: str) -> HttpResponse:
        body = self.body(WebhookEndpointChangeIn)
        endpoint = queries.get_endpoint(_endpoint(endpoint_id))
        values = EndpointValues(
            url=endpoint.url if body.url is UNSET else body.url,
            description=endpoint.description if body.description is UNSET else body.description,
            types=endpoint.types if body.types is UNSET else body.types,
            headers=None if body.headers is UNSET else body.headers,
        )
        return self.show(show_endpoint(commands.change_endpoint(self.merchant, endpoint.pk, values)))

    @extend_schema(operation_id="webhook_endpoints_delete", responses={200: DeletedOut})
    def delete(self, request: HttpRequest, endpoint_id: str) -> HttpResponse:
        """Delete a webhook endpoint with its deliveries. What waits is not sent."""
        return self.once(f"DELETE /webhook-endpoints/{endpoint_id}", lambda: self._delete(endpoint_id))

    def _delete(self, endpoint_id: str) -> HttpResponse:
        commands.delete_endpoint(self.merchant, _endpoint(endpoint_id))
        return self.show(DeletedOut(id=endpoint_id, deleted=True))


class RotateSecret(_Endpoints):
    """A new secret."""

    scopes = {"POST": _WRITE}

    @extend_schema(
        operation_id="webhook_endpoints_rotate_secret", request=None, responses={200: NewWebhookEndpointOut}
    )
    def post(self, request: HttpRequest, endpoint_id: str) -> HttpResponse:
        """Give an endpoint a new secret, shown this once. The former one signs beside it for 24 hours."""
        return self.secretly(
            f"POST /webhook-endpoints/{endpoint_id}/rotate-secret",
            200,
            lambda: commands.rotate_secret(self.merchant, _endpoint(endpoint_id)),
        )


class SendTest(ApiView):
    """A test event."""

    scopes = {"POST": _WRITE}

    @extend_schema(operation_id="webhook_endpoints_test", request=None, responses={202: WebhookDeliveryOut})
    def post(self, request: HttpRequest, endpoint_id: str) -> HttpResponse:
        """Send a test event, once and also to a paused endpoint. Read the delivery a moment later for the answer."""
        return self.once(f"POST /webhook-endpoints/{endpoint_id}/test", lambda: self._test(endpoint_id))

    def _test(self, endpoint_id: str) -> HttpResponse:
        return self.show(show_delivery(commands.send_test(self.merchant, _endpoint(endpoint_id))), 202)


class PauseEndpoint(ApiView):
    """Sending nothing for a while."""

    scopes = {"POST": _WRITE}

    @extend_schema(operation_id="webhook_endpoints_pause", request=None, responses={200: WebhookEndpointOut})
    def post(self, request: HttpRequest, endpoint_id: str) -> HttpResponse:
        """Send nothing until the endpoint is resumed. What happens meanwhile waits, for up to 30 days."""
        return self.once(f"POST /webhook-endpoints/{endpoint_id}/pause", lambda: self._pause(endpoint_id))

    def _pause(self, endpoint_id: str) -> HttpResponse:
        return self.show(show_endpoint(commands.pause(self.merchant, _endpoint(endpoint_id))))


class ResumeEndpoint(ApiView):
    """Sending again."""

    scopes = {"POST": _WRITE}

    @extend_schema(operation_id="webhook_endpoints_resume", request=None, responses={200: WebhookEndpointOut})
    def post(self, request: HttpRequest, endpoint_id: str) -> HttpResponse:
        """Send again to an endpoint that was paused or disabled. What waited while it was paused goes out at once."""
        return self.once(f"POST /webhook-endpoints/{endpoint_id}/resume", lambda: self._resume(endpoint_id))

    def _resume(self, endpoint_id: str) -> HttpResponse:
        return self.show(show_endpoint(commands.resume(self.merchant, _endpoint(endpoint_id))))


class WebhookDeliveries(ApiView):
    """The delivery log."""

    scopes = {"GET": _READ}

    @extend_schema(
        operation_id="webhook_deliveries_list",
        parameters=[
            query("endpoint_id", "To one endpoint: `whe_…`"),
            query("state", "What became of it.", values=DeliveryState.values),
            query("type", "Of one type: `order.placed`"),
            *PAGING,
        ],
        responses={200: Page[WebhookDeliveryOut]},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List deliveries of the last 30 days, newest first."""
        rows, asked = Delivery.objects.all(), request.GET
        if endpoint := asked.get("endpoint_id"):
            rows = rows.filter(endpoint_id=_endpoint(endpoint))
        if state := asked.get("state"):
            if state not in DeliveryState.values:
                raise InvalidParameter(f"state is one of {', '.join(DeliveryState.values)}.", param="state")
            rows = rows.filter(state=state)
        if wanted := asked.get("type"):
            if wanted not in (*known_types(), TEST_TYPE):
                raise InvalidParameter(f"There is no type {wanted!r}.", param="type")
            rows = rows.filter(type=wanted)
        return self.show(newest_first(rows, asked, show_delivery, by="planned_at"))


class OneWebhookDelivery(ApiView):
    """One delivery."""

    scopes = {"GET": _READ}

    @extend_schema(operation_id="webhook_deliveries_read", responses={200: FullWebhookDeliveryOut})
    def get(self, request: HttpRequest, delivery_id: str) -> HttpResponse:
        """Read a delivery: the body, and every try with its answer, the latest first."""
        found = queries.get_delivery(parse_public_id("whd", delivery_id))
        return self.show(show_full_delivery(found, queries.sent_body(found), queries.attempts_of(found)))


class ResendDelivery(ApiView):
    """Sending one again."""

    scopes = {"POST": _WRITE}

    @extend_schema(
        operation_id="webhook_deliveries_resend", request=None, responses={202: WebhookDeliveryOut}
    )
    def post(self, request: HttpRequest, delivery_id: str) -> HttpResponse:
        """Send a delivery again, with the same `webhook-id` and body."""
        return self.once(f"POST /webhook-deliveries/{delivery_id}/resend", lambda: self._resend(delivery_id))

    def _resend(self, delivery_id: str) -> HttpResponse:
        parsed = parse_public_id("whd", delivery_id) or NOBODY
        return self.show(show_delivery(resending.resend(self.merchant, parsed)), 202)


class ResendStretch(ApiView):
    """Sending a stretch of time again."""

    scopes = {"POST": _WRITE}

    @extend_schema(
        operation_id="webhook_deliveries_resend_range", request=ResendIn, responses={202: ResentOut}
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """Send everything of a stretch of time again, also what the endpoint never got: the log keeps it all."""
        return self.once("POST /webhook-deliveries/resend", self._resend)

    def _resend(self) -> HttpResponse:
        body = self.body(ResendIn)
        stretch = resending.Stretch(aware(body.start, "from"), aware(body.end, "to"), body.only_failed)
        resent = resending.resend_stretch(self.merchant, _endpoint(body.endpoint_id), stretch)
        return self.show(ResentOut(resent=resent), 202)


def _endpoint(text: str) -> UUID:
    return parse_public_id("whe", text) or NOBODY
