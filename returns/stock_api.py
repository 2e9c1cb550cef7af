"""REST: where the shop is asked for its stock."""

from datetime import datetime
from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.rest.views import ApiView
from orders.schemas import In
from returns.live_stock import remove_stock_hook, set_stock_hook, stock_hook
from returns.stock_models import StockHook


class StockHookIn(In):
    """An address of yours that says how many of a variant there are, now."""

    url: Annotated[str, Meta(min_length=1, max_length=2000, description="https, on port 443, 80 or 8080.")]


class StockHookOut(msgspec.Struct, kw_only=True):
    """Where the shop is asked. `secret` signs the questions; it is shown once, when the address is set first."""

    url: str
    created_at: datetime
    answered_at: datetime | None
    quiet_until: Annotated[datetime | None, Meta(description="It did not answer: left alone until then.")]
    problem: Annotated[str, Meta(description="What came instead of its last answer.")]
    secret: str = ""


class StockHooks(ApiView):
    """Where stock is asked."""

    scopes = {"GET": "webhooks:read", "PUT": "webhooks:write", "DELETE": "webhooks:write"}
    may_be_missing = True

    @extend_schema(operation_id="stock_hook_read", responses={200: StockHookOut})
    def get(self, request: HttpRequest) -> HttpResponse:
        """Read where the shop is asked how many of a variant there are."""
        return self.show(_shown(stock_hook()))

    @extend_schema(operation_id="stock_hook_put", request=StockHookIn, responses={200: StockHookOut})
    def put(self, request: HttpRequest) -> HttpResponse:
        """Say where the shop is asked. Another address keeps the secret; remove it first for a new one."""
        hook, secret = set_stock_hook(self.merchant, self.body(StockHookIn).url)
        return self.show(_shown(hook, secret))

    @extend_schema(operation_id="stock_hook_delete", responses={200: StockHookOut})
    def delete(self, request: HttpRequest) -> HttpResponse:
        """Ask the shop no more: what it told by `POST /products` holds."""
        return self.once("DELETE /stock-hook", lambda: self.show(_shown(remove_stock_hook(self.merchant))))


def _shown(hook: StockHook, secret: str = "") -> StockHookOut:
    return StockHookOut(
        url=hook.url, created_at=hook.created_at, answered_at=hook.answered_at, quiet_until=hook.quiet_until,
        problem=hook.problem, secret=secret,
    )  # fmt: skip
