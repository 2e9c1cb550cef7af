"""The demo shop's backend: it tells Afterward what happens, through the same HTTP API as every shop."""

from typing import Any
from urllib.parse import urlsplit

import msgspec

from merchants.http import OutboundError, OutboundSession, Policy, Response


class TryAgain(Exception):
    """Nobody was there, or not able to answer: what was told has to be told again."""


class Refused(Exception):
    """The API did not take it, and would not take it the next time either."""


class ShopApi:
    """Speaks to `url` (`http://127.0.0.1:8000/api/v1/`) with an API key."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        trusted = frozenset({f"{parts.hostname}:{parts.port or 80}"})
        self._url = url
        self._session = OutboundSession(Policy(allow=trusted))
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def post(self, path: str, body: Any) -> Any:
        """Tell something. Returns the decoded answer. Raises TryAgain or Refused."""
        answer = self._send(path, msgspec.json.encode(body))
        if answer.status >= 500 or answer.status == 429:
            raise TryAgain(f"{path}: {answer.status}")
        if not answer.ok:
            raise Refused(f"{path}: {answer.status} {answer.text[:300]}")
        return answer.json()

    def _send(self, path: str, data: bytes) -> Response:
        try:
            return self._session.request("POST", self._url + path, headers=self._headers, data=data)
        except OutboundError as error:
            raise TryAgain(str(error)) from error
