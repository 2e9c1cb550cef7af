"""USPS, by the Tracking API (v3).

https://developers.usps.com/trackingv3: GET /tracking/v3/tracking/{number}?expand=DETAIL, one number a call, with a
token by client credentials. USPS grants 60 calls an hour until more is asked for (`calls_per_second`, `calls_per_day`).

Every event has its local time and its GMT time. Spelling varies between its versions (eventCode, EventCode): keys are
compared without case.

Credentials: `client_id`, `client_secret`; `webhook_secret` is the secret that a subscription was made with.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import quote

from merchants import http
from tracking.carriers.base import Account, Answer, PollAdvice
from tracking.carriers.building import CLIENT, WEBHOOK_SECRET, client_credentials
from tracking.carriers.calls import one_each, send, wait_of
from tracking.carriers.tokens import Grant, with_token
from tracking.carriers.usps_answers import read

BASE_URL: Final = "https://apis.usps.com"


class USPS:
    code = "usps"
    name = "USPS"
    poll = PollAdvice(calls_per_second=1 / 60, calls_per_day=1440, fastest=timedelta(hours=2))
    credentials = (*CLIENT, WEBHOOK_SECRET)

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return one_each(numbers, lambda number: _ask(number, account))

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        return read(number, body, status, retry_after)

    def tracking_url(self, number: str, locale: str) -> str:
        return f"https://tools.usps.com/go/TrackConfirmAction?tLabels={quote(number, safe='')}"


def grant(account: Account) -> Grant:
    """How a token is got: POST /oauth2/v3/token."""
    return client_credentials(f"{account.base_url or BASE_URL}/oauth2/v3/token", account, as_json=True)


def _ask(number: str, account: Account) -> Answer:
    def call(token: str) -> http.Response:
        return send(
            "GET", f"{account.base_url or BASE_URL}/tracking/v3/tracking/{quote(number, safe='')}", account,
            params={"expand": "DETAIL"},
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        )  # fmt: skip

    answer = with_token(grant(account), account, call)
    return read(number, answer.body, answer.status, wait_of(answer))[0]
