"""What the clients of the shops' own APIs have in common: pages, and what can go wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings

from merchants import http
from orders.connectors.base import ShopOrder, ShopProduct
from orders.schemas import CustomerIn

Record = ShopOrder | ShopProduct | CustomerIn


class ShopError(Exception):
    """The shop's API did not give what was asked for. The text is for people."""


class ShopRefusesUs(ShopError):
    """Wrong address or credentials, or not allowed: trying again will not help."""


class ShopDown(ShopError):
    """No answer, or none that can be read: later it may work."""


class ShopThrottles(ShopError):
    """Asked too often: `wait` seconds from now there is room again."""

    def __init__(self, text: str, wait: float) -> None:
        super().__init__(text)
        self.wait = wait


class PageTooLarge(ShopError):
    """The shop does not answer questions that large: ask for less at once."""


@dataclass(frozen=True)
class Page:
    """Records as the shop sent them. next_cursor: "" at the end. wait: seconds before the next may be asked for."""

    records: Sequence[Mapping[str, Any]]
    next_cursor: str
    total: int | None = None
    wait: float = 0


class ShopApi(Protocol):
    """A shop's API. `read` turns one record of a page into our words; it raises Unreadable."""

    page_size: int

    def page(self, kind: str, cursor: str, size: int) -> Page: ...

    def read(self, kind: str, record: Mapping[str, Any]) -> Record: ...


def call(method: str, url: str, **kwargs: Any) -> http.Response:
    """One request to a shop. Raises ShopRefusesUs, ShopThrottles or ShopDown for whatever is no answer to it."""
    try:
        answer = http.request(
            method, url, allow=settings.OUTBOUND_ALLOW, max_bytes=20_000_000,
            timeout=http.Timeout(read=20, total=30), **kwargs,
        )  # fmt: skip
    except http.Refused as error:
        raise ShopRefusesUs(f"This address is not called: {error}") from error
    except http.OutboundError as error:
        raise ShopDown(f"The shop did not answer: {error}") from error
    if answer.status == 429:
        raise ShopThrottles("The shop was asked too often.", _retry_after(answer))
    if answer.status in (401, 403):
        raise ShopRefusesUs(f"The shop does not accept our credentials ({answer.status}).")
    if answer.status == 404 or 300 <= answer.status < 400:
        raise ShopRefusesUs(f"There is no shop's API at this address ({answer.status}).")
    if not answer.ok:
        raise ShopDown(f"The shop answered {answer.status}.")
    return answer


def decoded(answer: http.Response) -> Any:
    """The answer's JSON. Raises ShopDown when it is none: an error page, or cut off on its way."""
    try:
        return answer.json()
    except ValueError as error:
        raise ShopDown(f"The shop's answer is not JSON: {error}") from error


def _retry_after(answer: http.Response) -> float:
    try:
        return min(max(float(answer.headers.get("Retry-After", "")), 1.0), 3600.0)
    except ValueError:
        return 10.0
