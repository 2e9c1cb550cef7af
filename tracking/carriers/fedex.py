"""FedEx, by the Track API (v1).

https://developer.fedex.com/api/en-us/catalog/track/v1/docs.html: POST /track/v1/trackingnumbers, up to thirty
numbers a call, with a token by client credentials. FedEx grants 1,400 calls in ten seconds and 100,000 a day.

A number can have several results: FedEx uses numbers again, each time with another `trackingNumberUniqueId`. The one
with the newest scan is meant. Times carry their offset, except those that FedEx does not know to the hour.

Credentials: `client_id` (the "API key"), `client_secret`; `webhook_secret` is the webhook
project's security token.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import quote

from merchants import http
from tracking.carriers.base import Account, Answer, PollAdvice
from tracking.carriers.building import CLIENT, WEBHOOK_SECRET, client_credentials
from tracking.carriers.calls import in_batches, send, wait_of
from tracking.carriers.fedex_answers import read
from tracking.carriers.tokens import Grant, with_token

BASE_URL: Final = "https://apis.fedex.com"
_BATCH: Final = 30


class FedEx:
    code = "fedex"
    name = "FedEx"
    poll = PollAdvice(
        calls_per_second=20.0, calls_per_day=100_000, numbers_per_call=_BATCH, fastest=timedelta(hours=1)
    )
    credentials = (*CLIENT, WEBHOOK_SECRET)

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return in_batches(numbers, _BATCH, lambda batch: _ask(batch, account))

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        return read(number, body, status, retry_after)

    def tracking_url(self, number: str, locale: str) -> str:
        return f"https://www.fedex.com/fedextrack/?trknbr={quote(number, safe='')}"


def grant(account: Account) -> Grant:
    """How a token is got: POST /oauth/token."""
    return client_credentials(f"{account.base_url or BASE_URL}/oauth/token", account)


def _ask(numbers: Sequence[str], account: Account) -> list[Answer]:
    locale = {"de": "de_DE", "fr": "fr_FR"}.get(account.language, "en_US")
    question = {
        "includeDetailedScans": True,
        "trackingInfo": [{"trackingNumberInfo": {"trackingNumber": number}} for number in numbers],
    }

    def call(token: str) -> http.Response:
        return send(
            "POST", f"{account.base_url or BASE_URL}/track/v1/trackingnumbers", account, json=question,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json", "X-locale": locale},
        )  # fmt: skip

    answer = with_token(grant(account), account, call)
    if len(numbers) == 1:
        return read(numbers[0], answer.body, answer.status, wait_of(answer))
    return read(None, answer.body, answer.status, wait_of(answer))
