"""Whether a provider may have taken a message although the try failed."""

import smtplib
import traceback
from typing import Any

from requests.exceptions import ConnectTimeout, SSLError
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from notifications.channels.smtp import is_content

# What says for sure that the API did not take it: asked too often, asked too slowly, not in service.
_NOT_TAKEN = {408, 429, 503}
_BEFORE = (ConnectTimeout, SSLError, NewConnectionError, ConnectTimeoutError)
# By name, since botocore is loaded only where Amazon SES is used. (Two of them are also names of the above.)
_BEFORE_BOTO = {
    "ConnectTimeoutError", "EndpointConnectionError", "NoCredentialsError", "NoRegionError",
    "PartialCredentialsError", "ProxyConnectionError", "SSLError",
}  # fmt: skip


def may_be_taken_by_smtp(error: BaseException) -> bool:
    """Whether the conversation broke while or after the content was sent, without an answer to it."""
    if isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused):
        return False  # An answer, and it was no.
    frames = traceback.walk_tb(error.__traceback__)
    return any(is_content(frame.f_code) for frame, _ in frames)


def may_be_taken_by_api(error: BaseException, status: int | None) -> bool:
    """Whether a provider's API may have taken it. status: of its answer, None without one that can be read."""
    if status is None:
        return not never_left(error)
    return status >= 500 and status not in _NOT_TAKEN


def never_left(error: BaseException) -> bool:
    """Whether the request failed before any of it was sent: no name, no connection, no certificate, no key."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop()
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        if isinstance(current, _BEFORE) or type(current).__name__ in _BEFORE_BOTO:
            return True
        seen.add(id(current))
        waiting += [current.__cause__, getattr(current, "reason", None), *current.args]
    return False
