"""UPS, by the Tracking API (v1).

https://developer.ups.com/tag/Tracking: GET /api/track/v1/details/{number}, one number a call, with a token by client
credentials. UPS publishes no quota; ours is modest. Its times are local to the scan, with GMT beside them in newer
answers; its codes mean different things in different types, so the table knows both ("X/48").

Credentials: `client_id`, `client_secret`; `webhook_secret` is what Track Alert sends back (`tracking/pushes`).
"""

from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import quote

from merchants import http
from merchants.ids import uuid7
from tracking.carriers.base import Account, Answer, PollAdvice
from tracking.carriers.building import CLIENT, WEBHOOK_SECRET
from tracking.carriers.calls import one_each, send, wait_of
from tracking.carriers.tokens import Grant, with_token
from tracking.carriers.ups_answers import read

BASE_URL: Final = "https://onlinetools.ups.com"


class UPS:
    code = "ups"
    name = "UPS"
    poll = PollAdvice(calls_per_second=5.0, calls_per_day=20_000, fastest=timedelta(hours=1))
    credentials = (*CLIENT, WEBHOOK_SECRET)

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return one_each(numbers, lambda number: _ask(number, account))

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        return read(number, body, status, retry_after)

    def tracking_url(self, number: str, locale: str) -> str:
        language, _, country = locale.replace("-", "_").partition("_")
        loc = f"{language.lower()}_{(country or 'US').upper()}"
        return f"https://www.ups.com/track?loc={quote(loc, safe='')}&tracknum={quote(number, safe='')}"


def grant(account: Account) -> Grant:
    """How a token is got: POST /security/v1/oauth/token."""
    own = account.credentials
    pair = f"{own.get('client_id', '')}:{own.get('client_secret', '')}"
    return Grant(
        f"{account.base_url or BASE_URL}/security/v1/oauth/token",
        headers={"Authorization": "Basic " + b64encode(pair.encode()).decode()},
        form={"grant_type": "client_credentials"},
    )


def _ask(number: str, account: Account) -> Answer:
    locale = {"de": "de_DE", "fr": "fr_FR"}.get(account.language, "en_US")

    def call(token: str) -> http.Response:
        return send(
            "GET", f"{account.base_url or BASE_URL}/api/track/v1/details/{quote(number, safe='')}", account,
            params={"locale": locale, "returnSignature": "false", "returnPOD": "false"},
            headers={
                "Authorization": f"Bearer {token}", "Accept": "application/json", "transId": uuid7().hex,
                "transactionSrc": "afterward",
            },
        )  # fmt: skip

    answer = with_token(grant(account), account, call)
    return read(number, answer.body, answer.status, wait_of(answer))[0]
