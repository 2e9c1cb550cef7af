"""OAuth 2 tokens by client credentials: one for each set of credentials and process, for as long as it lasts.

Tokens live in memory only, and neither they nor the credentials are part of any message or log line.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from merchants.http import Response
from tracking.carriers.base import Account, AuthenticationFailed, CannotRead
from tracking.carriers.bodies import dig, first, json_body, refused, text
from tracking.carriers.calls import send, wait_of

_EARLY: Final = 60.0  # a token is renewed before it ends: it has to last for the call
_UNTOLD: Final = 600.0  # when the carrier does not say how long


@dataclass(frozen=True, slots=True)
class Grant:
    """The request that gets a token. `form` is sent as a form, `json` as JSON; one of them."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: Any = field(default=None, repr=False)

    @property
    def key(self) -> str:
        """The same for the same credentials at the same place; the credentials cannot be read out of it."""
        parts = (self.url, sorted(self.headers.items()), sorted((self.form or {}).items()), self.json)
        return hashlib.sha256(repr(parts).encode()).hexdigest()


@dataclass(slots=True)
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    token: str = field(default="", repr=False)
    ends: float = 0.0  # of time.monotonic()


_slots: dict[str, _Slot] = {}
_slots_lock = threading.Lock()


def with_token(grant: Grant, account: Account, call: Callable[[str], Response]) -> Response:
    """The answer to `call(token)`; after a 401 once more with a new token. Raises CarrierError without a token."""
    token = token_of(grant, account)
    answer = call(token)
    if answer.status == 401:
        forget(grant, token)
        answer = call(token_of(grant, account))
    return answer


def token_of(grant: Grant, account: Account) -> str:
    """A token that is valid for another minute. However many threads ask, one of them fetches it.

    Raises AuthenticationFailed for wrong credentials, RateLimited, CarrierDown, CannotRead.
    """
    with _slots_lock:
        slot = _slots.setdefault(grant.key, _Slot())
    with slot.lock:
        if time.monotonic() >= slot.ends:
            slot.token, lasts = _fetch(grant, account)
            slot.ends = time.monotonic() + max(lasts - _EARLY, lasts / 2)
        return slot.token


def forget(grant: Grant, token: str) -> None:
    """Fetch another token next time, unless somebody did since `token` was given out."""
    with _slots_lock:
        slot = _slots.get(grant.key)
    if slot is not None:
        with slot.lock:
            if slot.token == token:
                slot.ends = 0.0


def forget_all() -> None:
    """For tests."""
    with _slots_lock:
        _slots.clear()


def _fetch(grant: Grant, account: Account) -> tuple[str, float]:
    """A new token and how many seconds it lasts."""
    answer = send(
        "POST", grant.url, account, headers={"Accept": "application/json", **grant.headers},
        data=grant.form, json=grant.json,
    )  # fmt: skip
    if answer.status in (400, 401, 403):
        raise AuthenticationFailed(f"no token: {answer.status} {_why(answer)}".strip(), body=answer.body)
    if not answer.ok:
        raise refused(answer.status, "no token", retry_after=wait_of(answer), body=answer.body)
    given = json_body(answer.body)
    token = text(dig(given, "access_token"), 10_000)
    if not token:
        # The body may hold a token under another name: it is not kept.
        raise CannotRead("the answer has no access_token")
    try:
        return token, float(dig(given, "expires_in") or _UNTOLD)
    except (TypeError, ValueError):
        return token, _UNTOLD


def _why(answer: Response) -> str:
    """The carrier's own words for a refusal, in the forms that OAuth servers use."""
    try:
        told = json_body(answer.body)
    except CannotRead:
        return ""
    errors = first(dig(told, "errors"), dig(told, "response", "errors"))
    return text(
        first(
            dig(told, "error_description"), dig(errors, "message"), dig(errors, "code"), dig(told, "error")
        ),
        200,
    )
