"""Who is at the other end of a request."""

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_ip(request: HttpRequest) -> str:
    """The address of the person or program that asks.

    `X-Forwarded-For` is believed only as far as proxies of ours (`settings.TRUSTED_PROXIES`, addresses or networks)
    wrote it: read from its end, the first address that is not one of them. Everything before was typed by a stranger.
    """
    address = _parsed(request.META.get("REMOTE_ADDR", ""))
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while address is not None and hops and _is_trusted(address, tuple(settings.TRUSTED_PROXIES)):
        hop = _parsed(hops.pop())
        if hop is None:
            break
        address = hop
    return str(address) if address is not None else "unknown"


def network_of(address: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 that an IPv6 user can pick addresses from."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address


def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: Address, proxies: tuple[str, ...]) -> bool:
    return any(address in network for network in _networks(proxies))


@lru_cache(maxsize=8)
def _networks(proxies: tuple[str, ...]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]
