"""What an endpoint may be: its address, its own headers, the types that it is told."""

import re
import socket
from collections.abc import Iterable, Mapping

from django.conf import settings
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from events.facts import known_types
from merchants.addresses import Policy, Refused, is_public
from merchants.rest.errors import Unprocessable

MOST_ENDPOINTS = 10
MOST_HEADERS = 5
LONGEST_URL = 2000
LONGEST_HEADER = 1000
_PORTS = frozenset({80, 443, 8080})
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}")
_TEXT = re.compile(r"[\x20-\x7e]*")
# What we or the connection say ourselves.
_OURS = re.compile(
    r"(?i)webhook-.*|content-.*|host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect"
    r"|accept-encoding|user-agent|cookie|proxy-.*"
)
_INNER_NAMES = ("localhost", ".localhost", ".local", ".internal", ".localdomain", ".home.arpa")


def policy() -> Policy:
    """Whom we deliver to: https at public addresses on a few ports, and what the installation allows besides."""
    return Policy(frozenset(pair.lower() for pair in settings.OUTBOUND_ALLOW), ports=_PORTS)


def check_url(url: str) -> str:
    """The address of an endpoint. Raises Unprocessable that says why it can never be one.

    A name is not looked up: where it leads is checked at each delivery, when connecting.
    """
    url = url.strip()
    if not url or len(url) > LONGEST_URL:
        raise _bad_url(f"An address has 1 to {LONGEST_URL} characters.")
    try:
        policy().check_url(url)
        _check_host(url)
    except (Refused, ValueError, HTTPError) as error:
        raise _bad_url(f"This address cannot be called: {error}.") from None
    return url


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The endpoint's own headers. Raises Unprocessable for what cannot be sent, or is not theirs to say."""
    if len(headers) > MOST_HEADERS:
        raise _bad_header(f"At most {MOST_HEADERS} headers.")
    if len({name.lower() for name in headers}) < len(headers):
        raise _bad_header("A header is named twice.")
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or _OURS.fullmatch(name):
            raise _bad_header(f"A header cannot be called {name[:80]!r}.")
        if len(value) > LONGEST_HEADER or not _TEXT.fullmatch(value):
            raise _bad_header(f"{name} is up to {LONGEST_HEADER} printable ASCII characters.")
    return {name: value.strip() for name, value in headers.items()}


def check_types(types: Iterable[str]) -> list[str]:
    """Types that an endpoint is told, sorted; none: all. Raises Unprocessable for one that there is not."""
    wanted = sorted(set(types))
    unknown = [name for name in wanted if name not in known_types()]
    if unknown:
        raise Unprocessable(
            f"There is no event type {unknown[0][:60]!r}.", param="types", code="unknown_event_type"
        )
    return wanted


def _check_host(url: str) -> None:
    parts = parse_url(url)
    host = (parts.host or "").strip("[]").rstrip(".").lower()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if policy().trusts(host, port):
        return
    if any(host == name.lstrip(".") or (name[0] == "." and host.endswith(name)) for name in _INNER_NAMES):
        raise Refused(f"{host} is a name of an inner network")
    try:
        # Only spellings of addresses (also 0x7f.1 and 2130706433): no question leaves this machine.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return  # A name.
    if not all(is_public(str(entry[4][0])) for entry in found):
        raise Refused(f"{host} is not a public address")


def _bad_url(detail: str) -> Unprocessable:
    return Unprocessable(detail, param="url", code="invalid_url")


def _bad_header(detail: str) -> Unprocessable:
    return Unprocessable(detail, param="headers", code="invalid_header")
