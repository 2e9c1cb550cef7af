"""DPD, by its web services (LoginService and ParcelLifeCycleService 2.0).

https://esolutions.dpd.com/entwickler/dpdwebservices.aspx: `getAuth` gives a token for a day (a delis id may log in ten
times a day, so it is kept), `getTrackingData` tells of one parcel. Steps that were not reached yet stand in the answer
too and are no scans. The newer JSON ("parcellifecycleResponse") says the same and is read as well. Times are local,
without an offset.

Credentials: `delis_id`, `password`.
"""

import hashlib
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from tracking.carriers.base import (
    Account,
    Answer,
    AuthenticationFailed,
    CarrierError,
    Credential,
    PollAdvice,
)
from tracking.carriers.bodies import xml_body
from tracking.carriers.calls import one_each, send, wait_of
from tracking.carriers.dpd_answers import read, said

BASE_URL: Final = "https://public-ws.dpd.com/services"
_DAY: Final = 23 * 3600.0  # a token lasts a day; it is renewed before it ends
_NAMESPACES: Final = (
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:auth="http://dpd.com/common/service/types/Authentication/2.0"'
    ' xmlns:login="http://dpd.com/common/service/types/LoginService/2.0"'
    ' xmlns:life="http://dpd.com/common/service/types/ParcelLifeCycleService/2.0"'
)
_LANGUAGES: Final = {"de": "de_DE", "en": "en_US", "fr": "fr_FR", "nl": "nl_NL"}


class DPD:
    code = "dpd"
    name = "DPD"
    poll = PollAdvice(calls_per_second=2, calls_per_day=10_000, fastest=timedelta(hours=1))
    credentials: tuple[Credential, ...] = (
        Credential("delis_id", secret=False),
        Credential("password"),
    )

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return one_each(numbers, lambda number: _ask(number, account))

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        return read(number, body, status, retry_after)

    def tracking_url(self, number: str, locale: str) -> str:
        language = locale[:2].lower() or "en"
        return f"https://tracking.dpd.de/status/{language}/parcel/{quote(number, safe='')}"


def _ask(number: str, account: Account) -> Answer:
    found = _tracked(number, account)
    if isinstance(found, AuthenticationFailed) and _forget(account):
        found = _tracked(number, account)
    return found


def _tracked(number: str, account: Account) -> Answer:
    language = _LANGUAGES.get(account.language, "en_US")
    delis_id = escape(account.credentials.get("delis_id", ""))
    answer = _soap(
        "ParcelLifeCycleService/V2_0", account,
        f"<auth:authentication><delisId>{delis_id}</delisId><authToken>{escape(_token(account))}</authToken>"
        f"<messageLanguage>{language}</messageLanguage></auth:authentication>",
        f"<life:getTrackingData><parcelLabelNumber>{escape(number)}</parcelLabelNumber></life:getTrackingData>",
    )  # fmt: skip
    return read(number, *answer)[0]


def _soap(service: str, account: Account, header: str, body: str) -> tuple[bytes, int, float | None]:
    envelope = (
        f"<soapenv:Envelope {_NAMESPACES}><soapenv:Header>{header}</soapenv:Header>"
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
    answer = send(
        "POST",
        f"{account.base_url or BASE_URL}/{service}/",
        account,
        headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": ""},
        data=envelope.encode(),
    )
    return answer.body, answer.status, wait_of(answer)


# --- The token of the day

_tokens: dict[str, tuple[str, float]] = {}
_lock = threading.Lock()


def _token(account: Account) -> str:
    """A token of today. However many threads ask, one of them logs in. Raises CarrierError."""
    key = _key(account)
    with _lock:
        token, ends = _tokens.get(key, ("", 0.0))
        if time.monotonic() < ends:
            return token
        token = _log_in(account)
        _tokens[key] = (token, time.monotonic() + _DAY)
        return token


def _forget(account: Account) -> bool:
    """Drop the token that was refused. Returns whether there was one."""
    with _lock:
        return _tokens.pop(_key(account), None) is not None


def _key(account: Account) -> str:
    own = account.credentials
    parts = (account.base_url, own.get("delis_id", ""), own.get("password", ""))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _log_in(account: Account) -> str:
    own = account.credentials
    body, status, wait = _soap(
        "LoginService/V2_0", account, "",
        f"<login:getAuth><delisId>{escape(own.get('delis_id', ''))}</delisId>"
        f"<password>{escape(own.get('password', ''))}</password>"
        "<messageLanguage>en_US</messageLanguage></login:getAuth>",
    )  # fmt: skip
    token = "" if status != 200 else said(xml_body(body), "authToken")
    if not token:
        [error] = read("", body, status, wait)
        raise error if isinstance(error, CarrierError) else AuthenticationFailed("no token in the answer")
    return token
