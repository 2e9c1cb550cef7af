"""A shop's backend, as the tests play it."""

import json
from typing import Any

from django.test import Client


class ApiClient:
    """Speaks JSON to `/api/v1/` with a key."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, **query: Any) -> Any:
        """GET a path under the API's root."""
        return self.client.get(f"/api/v1/{path}", query, headers=self._headers({}))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """POST a body (bytes as they are, anything else as JSON). `idempotency_key=` becomes a header."""
        data = body if isinstance(body, bytes) else json.dumps(body) if body is not None else b""
        return self.client.post(
            f"/api/v1/{path}", data, content_type="application/json", headers=self._headers(headers)
        )

    def patch(self, path: str, body: Any) -> Any:
        """PATCH a path under the API's root with JSON."""
        return self.client.patch(
            f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=self._headers({})
        )

    def delete(self, path: str) -> Any:
        """DELETE a path under the API's root."""
        return self.client.delete(f"/api/v1/{path}", headers=self._headers({}))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.key}", **named}
