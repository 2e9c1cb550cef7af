"""Every route of the API, found in the URL configuration: what is added later is tested without being named."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern

from config.urls import api
from merchants.rest.views import ApiView

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# How the parameters of addresses are called, and what their ids begin with.
IDS = {
    "order_id": "ord", "customer_id": "cus", "product_id": "prd", "shipment_id": "shp", "message_id": "msg",
    "endpoint_id": "whe", "delivery_id": "whd", "import_id": "imp", "watch_id": "wat", "case_id": "cas",
    "suppression_id": "sup", "consent_id": "csn", "segment_id": "seg", "campaign_id": "cmp", "flow_id": "flow",
    "run_id": "run", "return_id": "ret", "withdrawal_id": "wdr", "claim_id": "clm", "refund_id": "rfd",
    "picture_id": "rph", "branch_id": "brn", "maker": "maker",
}  # fmt: skip


@dataclass(frozen=True)
class Route:
    """One address. `path` as it stands in the configuration: `orders/<str:order_id>`."""

    path: str
    view: type[ApiView]

    def url(self, **ids: str) -> str:
        """The address with ids put in; one that does not exist where none is given."""
        path = self.path
        for name, prefix in IDS.items():
            path = path.replace(f"<str:{name}>", ids.get(name, f"{prefix}_{'0' * 26}"))
        assert "<" not in path, f"teach tests/rest/routes.py the parameter of {self.path}"
        return f"/api/v1/{path}"

    @property
    def has_id(self) -> bool:
        return "<" in self.path


def routes() -> Iterator[Route]:
    """Every route whose view is one of a merchant's data."""
    for pattern in api:
        assert isinstance(pattern, URLPattern)
        view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
        if view is not None and issubclass(view, ApiView):
            yield Route(str(pattern.pattern), view)


def scope_of(route: Route, method: str) -> str | None:
    """The scope that a method needs, None when the route does not answer it."""
    return route.view.scopes.get("GET" if method == "HEAD" else method)


def call(client: Any, method: str, url: str, key: str | None, body: bytes = b"{}") -> Any:
    """Call an address with a key (None: without)."""
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    return client.generic(method, url, body, content_type="application/json", headers=headers)
