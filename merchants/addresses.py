"""Whom we talk to: which addresses are public, and which URLs may be called (R17)."""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from urllib3.util import parse_url

PORTS: Final = frozenset({80, 443, 8080, 8443})

# Name and port in, addresses out; raises OSError when there are none.
Resolver = Callable[[str, int], list[str]]


class OutboundError(Exception):
    """The request was not made, or its answer not taken."""


class Refused(OutboundError):
    """We do not talk to that address. Trying again will not help."""


_V6_GLOBAL: Final = ipaddress.IPv6Network("2000::/3")
_V6_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")  # NAT64: an IPv4 address inside
# Not public in fact, although the registry's flags (or Python 3.11's copy of them) say so.
_ALSO_REFUSED: Final = tuple(
    ipaddress.ip_network(block)
    for block in (
        "192.0.0.0/24",  # protocol assignments, and a metadata service
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # Azure's host agent
        "2001::/23",  # Teredo and other special purposes
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)


def is_public(address: str) -> bool:
    """Whether an IP address, as `getaddrinfo` writes it, is a public unicast address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id:
            return False
        if ip in _V6_TRANSLATED:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        elif ip not in _V6_GLOBAL:
            return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return not any(ip.version == block.version and ip in block for block in _ALSO_REFUSED)


def resolve_host(host: str, port: int) -> list[str]:
    """The addresses of a name, in the order in which the system would try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Policy:
    """Whom we talk to. `allow` lists "host:port" that are trusted wholly: any address, port
    and plain http; it is for tests and for services of the installation itself."""

    allow: frozenset[str] = frozenset()
    allow_private: bool = False
    allow_http: bool = False
    ports: frozenset[int] = PORTS
    resolver: Resolver = field(default=resolve_host, compare=False)

    def trusts(self, host: str, port: int) -> bool:
        return f"{host}:{port}".lower() in self.allow

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses to connect to; Refused when any of them is not public.

        One inner address among public ones is refused too: no honest name has both.
        """
        found = self.resolver(host, port)
        if not found:
            raise socket.gaierror(f"no address for {host}")
        if not (self.allow_private or self.trusts(host, port)):
            inner = [address for address in found if not is_public(address)]
            if inner:
                raise Refused(f"{host} is at {inner[0]}, which is not a public address")
        return found

    def check_url(self, url: str) -> None:
        """Refused when scheme, port or form of the URL are not ours to call."""
        parts = parse_url(url)  # the parser that also decides where the request goes
        host = (parts.host or "").strip("[]")
        port = parts.port if parts.port is not None else 443 if parts.scheme == "https" else 80
        if not host or parts.scheme not in ("http", "https"):
            raise Refused("only http and https URLs with a host are called")
        if parts.auth is not None:
            raise Refused("a URL must not carry a user name or password")
        if self.trusts(host, port):
            return
        if parts.scheme != "https" and not self.allow_http:
            raise Refused("only https URLs are called")
        if port not in self.ports:
            raise Refused(f"port {port} is not called")
