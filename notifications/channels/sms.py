"""Text messages through Twilio's library, over our own HTTP client."""

import base64
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from merchants import http
from merchants.models import Merchant
from notifications.channels.base import InDoubt, NotSent, Receipt, Refused, TryLater, Unreachable
from notifications.channels.doubt import never_left
from notifications.channels.senders import sender_for
from notifications.feedback import reference
from notifications.models import Message
from notifications.reasons import Reason
from notifications.twilio_hooks import status_url
from orders.text import normal_phone

_TIMEOUT = http.Timeout(connect=3.05, read=15, total=20)
# Its longest body (error 21617).
LONGEST = 1600
# Twilio's codes: https://www.twilio.com/docs/api/errors
_NO_NUMBER = {21211, 21214, 21217, 21265, 21401, 21614}
_STOPPED = {21610}


class SmsConnection:
    """Twilio's Messages API."""

    # Twilio takes no idempotency key, and a phone shows a repeat as a second message.
    repeats_when_in_doubt = False

    def __init__(self) -> None:
        self._client = Client(
            settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=_HardenedClient()
        )

    def open(self) -> None:
        """Nothing to do: each message is a request of its own."""

    def chosen(self, message: Message) -> str:
        """There is nobody else."""
        return ""

    def send(self, merchant: Merchant, message: Message) -> Receipt:
        """Hand a rendered message over. Raises TryLater, Refused or InDoubt."""
        if normal_phone(message.recipient) != message.recipient:
            raise Refused(Reason.INVALID_ADDRESS, "This is not a number in international form.")
        if len(message.text) > LONGEST:
            raise Refused(Reason.REFUSED, f"{len(message.text)} characters, Twilio takes {LONGEST}.")
        sender = sender_for(message.recipient)
        # A messaging service of Twilio's stands in for a number where one is named.
        source = "messaging_service_sid" if sender.startswith("MG") else "from_"
        try:
            sent = self._client.messages.create(
                to=message.recipient,
                body=message.text,
                status_callback=status_url(reference(message)) or values.unset,
                **{source: sender},
            )
        except (TwilioException, http.OutboundError) as error:
            raise outcome(error) from error
        return Receipt("twilio", str(sent.sid or "")[:200])

    def close(self) -> None:
        """Nothing is open."""


class _HardenedClient(HttpClient):
    """Twilio's library speaks through `merchants.http`: checked addresses, time-outs, no redirects."""

    def __init__(self) -> None:
        self._base = settings.TWILIO_API_URL.rstrip("/")

    def request(
        self, method: str, uri: str, params: Any = None, data: Any = None, headers: Any = None,
        auth: tuple[str, str] | None = None, timeout: float | None = None, allow_redirects: bool = False,
    ) -> Response:  # fmt: skip
        parts = urlsplit(uri)
        sent = {**(headers or {}), "Connection": "close"}  # A kept connection that died leaves us in doubt.
        if auth:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        answer = http.request(
            method,
            self._base + parts.path if self._base else uri,
            headers=sent, params=params or None, data=data or None, timeout=_TIMEOUT,
            allow=[*settings.OUTBOUND_ALLOW, *([urlsplit(self._base).netloc] if self._base else [])],
        )  # fmt: skip
        return Response(answer.status, answer.text, dict(answer.headers))


def outcome(error: Exception) -> NotSent:
    """What an error means for the message."""
    if isinstance(error, TwilioRestException):
        return _answered(error)
    if isinstance(error, http.Refused) or never_left(error):
        return Unreachable(repr(error))
    # Sent, but no answer, or none that can be read: it may be on its way.
    return InDoubt(repr(error))


def _answered(error: TwilioRestException) -> NotSent:
    detail = f"{error.status} {error.code}: {error.msg}"
    if error.status in (401, 403):
        return Unreachable(detail)
    if error.status in (429, 503):
        return TryLater(detail)
    if error.status >= 500:
        return InDoubt(detail)
    if error.code in _NO_NUMBER:
        return Refused(Reason.INVALID_ADDRESS, detail)
    return Refused(Reason.RECIPIENT_REFUSED if error.code in _STOPPED else Reason.REFUSED, detail)
